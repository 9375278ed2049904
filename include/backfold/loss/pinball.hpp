// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Pinball loss, for the quantile q of the target: E = Σ q(z − y) where y <= z, else (1 − q)(y −
/// z); ∂E/∂y = −q below the target, 1 − q above it, 0 at the kink. Its minimum over constant
/// outputs is the q-quantile of the targets; q = ½ is half the absolute error, with the median.
///
/// Source: Koenker & Bassett, Regression quantiles (1978).
struct Pinball {
  double quantile = 0.5;  ///< q, between 0 and 1

  template <class V>
  [[nodiscard]] V value(const V& y, const V& z) const {
    const V d = z - y;
    return select(d < V(0), (quantile - 1) * d, quantile * d);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& y, const V& z) const {
    // The zeros carry NaN of either input; y − z might overflow.
    return select(y < z, V(-quantile), select(y > z, V(1 - quantile), 0 * y + 0 * z));
  }
  /// @throws std::invalid_argument unless 0 < quantile < 1
  constexpr void(check)() const {
    if (!(quantile > 0 && quantile < 1)) {
      fail_argument("Pinball: quantile must lie between 0 and 1, got ", quantile);
    }
  }
};

BACKFOLD_END_NAMESPACE
