// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
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

/// Σ w a b, of which each a b >= 0, as sum·unit², without overflow or underflow. The unit is a
/// power of two, so the bits are those of the plain sum wherever that is a normal number.
struct ScaledSum {
  double sum;  ///< both are 0 at first
  double unit;

  void add(double weight, double a, double b) {
    const double size = (std::max)(std::abs(a), std::abs(b));
    if (size >= 2 * unit && size > 0) {
      int exponent = 0;
      std::frexp(size, &exponent);
      const double before = unit;
      unit = std::ldexp(1.0, std::clamp(exponent - 1, -1000, 1000));
      sum *= (before / unit) * (before / unit);
    }
    if (unit > 0) sum += weight * (a / unit) * (b / unit);
  }
  /// Σ w a b / n, which may overflow or underflow
  [[nodiscard]] double mean(double n) const { return sum / n * unit * unit; }
  /// √(Σ w a b / n)
  [[nodiscard]] double root_of_mean(double n) const { return unit * std::sqrt(sum / n); }
  /// √(Σ w a b / other)
  [[nodiscard]] double root_of_ratio(const ScaledSum& other) const {
    return unit / other.unit * std::sqrt(sum / other.sum);
  }
};

}  // namespace detail

/// Euclidean norm of n numbers, in double, without intermediate overflow.
template <Real S>
double norm_of(const S* x, Index n) {
  const auto [largest, relative] = detail::norm_parts(x, n);
  return largest * relative;
}

BACKFOLD_END_NAMESPACE
