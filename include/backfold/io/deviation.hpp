// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/interval.hpp"
#include "backfold/core/packet.hpp"

/// Not in backfold.hpp: only exports need it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Bounds of a number x of a network, and of x̃, its counterpart in the quantised network.
struct Deviation {
  Interval range;  ///< contains x and x̃
  Interval error;  ///< contains x̃ − x

  friend Deviation operator+(const Deviation& a, const Deviation& b) {
    return {a.range + b.range, a.error + b.error};
  }
  /// ãb̃ − ab = ã(b̃ − b) + (ã − a)b
  friend Deviation operator*(const Deviation& a, const Deviation& b) {
    return {a.range * b.range, a.range * b.error + a.error * b.range};
  }

  /// False for NaN too.
  [[nodiscard]] bool is_below(double largest) const {
    return range.lower > -largest && range.upper < largest && error.lower > -largest &&
           error.upper < largest;
  }

  /// Both numbers are computed with rounding errors of up to `size`. The error is no larger than
  /// the range is wide, which bounds it where an activation saturates.
  [[nodiscard]] Deviation rounded(double size) const {
    const Interval wide = range + Interval::symmetric(size);
    return {wide, intersection(error + Interval::symmetric(2 * size), wide - wide)};
  }
};

/// (1 − z)a + z b for z in [0, 1], with the error (1 − z̃)(ã − a) + z̃(b̃ − b) + (z̃ − z)(b − a).
inline Deviation mixture(const Deviation& z, const Deviation& a, const Deviation& b) {
  // Linear in z, so the bounds are at the ends of its range.
  const auto mixed = [&](const Interval& from, const Interval& to) {
    const auto at = [&](double part) { return (Interval(1) - part) * from + part * to; };
    return hull(at(z.range.lower), at(z.range.upper));
  };
  return {mixed(a.range, b.range), mixed(a.error, b.error) + z.error * (b.range - a.range)};
}

/// Rounding error of a few operations on numbers of this size in the scalar S.
template <Real S>
double rounding(double size, double operations = 16) {
  constexpr auto epsilon = static_cast<double>(std::numeric_limits<S>::epsilon());
  constexpr auto least =
      static_cast<double>((std::numeric_limits<S>::min)());  // if denormals are flushed to zero
  return operations * (epsilon * size + least);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
