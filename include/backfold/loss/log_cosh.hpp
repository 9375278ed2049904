// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/math.hpp"
#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Logarithm of the hyperbolic cosine: E = Σ ln cosh d with d = y − z; ∂E/∂y = tanh d. Like ½d² for
/// small errors and |d| for large ones, smooth in between. Finite for every finite d.
///
/// Source: Karal, Maximum likelihood optimal and robust support vector regression with ln cosh loss
/// function (2017).
struct LogCosh {
  template <class V>
  [[nodiscard]] V value(const V& y, const V& z) const {
    const V d = abs(y - z);
    // cosh d − 1 = m²/(2(1 + m)) with m = e^d − 1 keeps the relative accuracy near 0.
    const V m = expm1(at_most(d, V(1)));
    const V near_zero = log1p(m * m / (2 * (1 + m)));
    const V far_away = at_most(d, V(100));  // 2d may overflow
    const V tail = d + (detail::log1p_to_one(exp(-2 * far_away)) - 0.69314718055994531);
    return select(d > V(1), tail, near_zero);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& y, const V& z) const {
    // Halves first: y − z may overflow.
    const V half = at_least(at_most(0.5 * y - 0.5 * z, V(100)), V(-100));
    return tanh(half + half);
  }
};

BACKFOLD_END_NAMESPACE
