// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/io/export_checks.hpp"
#include "backfold/io/weight_format.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings for `write_header`.
struct HeaderOptions {
  std::string name = "model";   ///< of the namespace
  Scaling input_scaling = {};   ///< applied to inputs; none if of size 0
  Scaling target_scaling = {};  ///< inverted on outputs
  WeightFormat weights = WeightFormat::Scalar;
  /// |x_i| <= bound for each input, or one bound for all, in the user's units: integer weights
  /// change outputs by no more than a bound that the header then states
  std::vector<double> input_bounds = {};
  Index steps = 0;  ///< of a recurrent network for which that bound holds; 0: any number
};

namespace detail {

/// @throws std::invalid_argument unless there is a bound for each input or one for all
inline void check_input_bounds(const HeaderOptions& options, Index inputs) {
  const auto count = static_cast<Index>(options.input_bounds.size());
  if (count != 1 && count != inputs) {
    fail_argument("header: expected 1 or ", inputs, " input_bounds, got ", count);
  }
  for (Index i = 0; i < count; ++i) {
    const double& bound = options.input_bounds[static_cast<std::size_t>(i)];
    if (!is_finite(bound) || bound < 0) {
      fail_argument("header: input_bounds ", i, ": expected a finite number >= 0, got ", bound);
    }
  }
}

/// @throws std::invalid_argument as write_header says
inline void check_header_options(const HeaderOptions& options, Index inputs, Index outputs) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  bool good = !options.name.empty() && is_letter(options.name[0]);
  for (const char c : options.name) good = good && (is_letter(c) || (c >= '0' && c <= '9'));
  if (!good) fail_argument("header: \"", options.name, "\" is no name of a namespace");
  if (options.weights != WeightFormat::Scalar) (void)integer_format(options.weights);
  if (options.steps < 0) fail_argument("header: expected steps >= 0, got ", options.steps);
  if (!options.input_bounds.empty()) check_input_bounds(options, inputs);
  check_scaling_size("header", "inputs", options.input_scaling, inputs);
  check_scaling_size("header", "targets", options.target_scaling, outputs);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
