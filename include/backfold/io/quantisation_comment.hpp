// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include "backfold/core/number_text.hpp"
#include "backfold/io/header_options.hpp"

/// Not in backfold.hpp: only exports need it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Numbers in lines of a comment. Upper bounds, so they are rounded up to 3 digits.
inline std::string bounds_text(const double* bounds, Index count) {
  std::string text, line = "//   ";
  for (Index i = 0; i < count; ++i) {
    double bound = bounds[i];
    if (bound > 1e-300) {
      const int places = 2 - static_cast<int>(std::floor(std::log10(bound)));
      // Divided by a power of ten, so that the text has no more digits.
      const double power = std::pow(10., std::abs(places));
      bound = places > 0 ? std::ceil(bound * power) / power : std::ceil(bound / power) * power;
    }
    std::string number = i == 0 ? "" : " ";
    append_number(number, bound);
    if (i + 1 < count) number += ',';
    if (line.size() + number.size() > 100) {
      text += line + "\n";
      line = "//  ";
    }
    line += number;
  }
  return text + line + "\n";
}

/// Comment of an exported header with integer weights: the format, and the bound of the error.
/// @param error quantisation_error, or of size 0 if it is not known
inline std::string quantisation_comment(const HeaderOptions& options, const Vector<double>& error,
                                        bool is_recurrent) {
  if (options.weights == WeightFormat::Scalar) return "";
  std::string text = "//\n// Weights are integers of " +
                     std::to_string(8 * integer_format(options.weights).bytes) +
                     " bits with a scale for each row";
  if (error.size() == 0) return text + ".\n";
  text += ". Each output differs from that of the network by at most\n" +
          bounds_text(error.data(), error.size()) + "// if inputs are no larger than\n" +
          bounds_text(options.input_bounds.data(), static_cast<Index>(options.input_bounds.size()));
  if (!is_recurrent) return text;
  const std::string steps = std::to_string(options.steps);
  return text + (options.steps == 0 ? "// in any number of steps.\n"
                                    : "// in the first " + steps + " steps.\n");
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
