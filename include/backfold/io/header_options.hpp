// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "backfold/io/export_checks.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings for `write_header`.
struct HeaderOptions {
  std::string name = "model";   ///< of the namespace
  Scaling input_scaling = {};   ///< applied to inputs; none if of size 0
  Scaling target_scaling = {};  ///< inverted on outputs
};

namespace detail {

/// @throws std::invalid_argument as write_header says
inline void check_header_options(const HeaderOptions& options, Index inputs, Index outputs) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  bool good = !options.name.empty() && is_letter(options.name[0]);
  for (const char c : options.name) good = good && (is_letter(c) || (c >= '0' && c <= '9'));
  if (!good) fail_argument("header: \"", options.name, "\" is no name of a namespace");
  check_scaling_size("header", "inputs", options.input_scaling, inputs);
  check_scaling_size("header", "targets", options.target_scaling, outputs);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
