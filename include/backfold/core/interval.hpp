// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A closed interval of real numbers. The result of an operation has all results of the exact
/// operation on numbers of its operands: both bounds are moved outwards by more than they were
/// rounded. Bounds must be finite, since a NaN would be lost in comparisons.
///
/// Source: Moore, Interval analysis (1966).
struct Interval {
  double lower = 0, upper = 0;

  constexpr Interval() = default;
  constexpr Interval(double number) : lower(number), upper(number) {}  // NOLINT: a number is one
  constexpr Interval(double l, double u) : lower(l), upper(u) {}

  /// [−size, size]
  static constexpr Interval symmetric(double size) { return {-size, size}; }
  /// Moved outwards by a part of the bounds, and for results that underflow by the least normal
  /// number.
  static Interval outwards(double l, double u, double part = 0x1p-52) {
    constexpr double least = (std::numeric_limits<double>::min)();
    return {l - (part * std::abs(l) + least), u + (part * std::abs(u) + least)};
  }

  [[nodiscard]] double magnitude() const { return (std::max)(std::abs(lower), std::abs(upper)); }
  [[nodiscard]] bool contains(double x) const { return lower <= x && x <= upper; }
  [[nodiscard]] bool contains(const Interval& other) const {
    return lower <= other.lower && other.upper <= upper;
  }

  friend Interval operator+(const Interval& a, const Interval& b) {
    return outwards(a.lower + b.lower, a.upper + b.upper);
  }
  friend Interval operator-(const Interval& a, const Interval& b) {
    return outwards(a.lower - b.upper, a.upper - b.lower);
  }
  friend Interval operator*(const Interval& a, const Interval& b) {
    const double products[] = {a.lower * b.lower, a.lower * b.upper, a.upper * b.lower,
                               a.upper * b.upper};
    return outwards(*std::min_element(products, products + 4),
                    *std::max_element(products, products + 4));
  }
  Interval& operator+=(const Interval& other) { return *this = *this + other; }
};

/// The smallest interval with both.
inline Interval hull(const Interval& a, const Interval& b) {
  return {(std::min)(a.lower, b.lower), (std::max)(a.upper, b.upper)};
}

/// The numbers in both, which must not be none.
inline Interval intersection(const Interval& a, const Interval& b) {
  return {(std::max)(a.lower, b.lower), (std::min)(a.upper, b.upper)};
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
