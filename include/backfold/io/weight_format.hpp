// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Format of the weights in an exported header.
enum class WeightFormat {
  Scalar,  ///< the network's scalar
  Q15,     ///< integers of 16 bits from −32767 to 32767, and a scale for each row
  Int8,    ///< integers of 8 bits from −127 to 127, and a scale for each row
};

namespace detail {

/// Integers of a format: their C++ type, size and largest absolute value.
struct IntegerFormat {
  const char* type;
  Index bytes;
  int largest;
};

/// @throws std::invalid_argument for a format without integers
inline IntegerFormat integer_format(WeightFormat format) {
  // Types without <cstdint>, since an exported header includes nothing.
  if (format == WeightFormat::Q15) return {"short", 2, 32767};
  if (format != WeightFormat::Int8) {
    fail_argument("header: no integer format of weights ", static_cast<int>(format));
  }
  return {"signed char", 1, 127};
}

/// True if a block is stored as integers. Biases, a layer's own parameters and a learnt start are
/// not. Neither are short rows, whose scale takes more memory than the integers save.
template <Real S>
bool has_integers(const Block& block, WeightFormat format) {
  if (format == WeightFormat::Scalar || block.kind != Block::Kind::Weights) return false;
  constexpr Index scalar = sizeof(S);
  return block.columns * integer_format(format).bytes + scalar < block.columns * scalar;
}

/// A weight matrix as integers in row-major order, and a scale for each row: w_ij ≈ s_i q_ij.
template <Real S>
struct IntegerWeights {
  std::vector<int> integers;
  std::vector<S> scales;
};

/// Rounds a block's weights: s_i = max_j |w_ij|/largest, q_ij = w_ij/s_i to the nearest integer. A
/// row of zeros, or one whose scale would be denormal, has the scale 0.
template <Real S>
IntegerWeights<S> integer_weights(const Block& block, const S* w, WeightFormat format) {
  const int largest = integer_format(format).largest;
  IntegerWeights<S> result;
  result.integers.reserve(static_cast<std::size_t>(block.size()));
  for (Index i = 0; i < block.rows; ++i) {
    const S* const row = w + block.offset + i;
    S size = 0;
    for (Index j = 0; j < block.columns; ++j) {
      size = (std::max)(size, std::abs(row[j * block.rows]));
    }
    S scale = size / static_cast<S>(largest);
    if (scale < (std::numeric_limits<S>::min)()) scale = 0;
    result.scales.push_back(scale);
    for (Index j = 0; j < block.columns; ++j) {
      const double quotient =
          scale == 0 ? 0 : static_cast<double>(row[j * block.rows]) / static_cast<double>(scale);
      result.integers.push_back(
          std::clamp(static_cast<int>(std::lround(quotient)), -largest, largest));
    }
  }
  return result;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
