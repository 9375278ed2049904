// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "backfold/core/finite.hpp"
#include "backfold/core/long_sum.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A norm as largest·relative; the product may overflow, the factors do not.
struct NormParts {
  double largest;   ///< the largest magnitude
  double relative;  ///< the norm divided by it, >= 1; 1 if it is 0 or not finite
};

template <Real S>
NormParts norm_parts(const S* x, Index n) {
  double largest = 0;
  for (Index i = 0; i < n; ++i) {
    const double magnitude = std::abs(static_cast<double>(x[i]));
    if (!(magnitude <= largest)) largest = magnitude;
  }
  if (largest == 0 || !is_finite(largest)) return {largest, 1};
  const double sum = sum_in_runs(n, [&](Index first, Index count) {
    double part_sum = 0;
    for (Index i = first; i < first + count; ++i) {
      const double part = static_cast<double>(x[i]) / largest;
      part_sum += part * part;
    }
    return part_sum;
  });
  return {largest, std::sqrt(sum)};
}

}  // namespace detail

/// Euclidean norm of n numbers, in double, without intermediate overflow.
template <Real S>
double norm_of(const S* x, Index n) {
  const auto [largest, relative] = detail::norm_parts(x, n);
  return largest * relative;
}

BACKFOLD_END_NAMESPACE
