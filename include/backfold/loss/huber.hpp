// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Huber's loss: E = Σ ½d² where |d| <= c, else c(|d| − c/2), with d = y − z; ∂E/∂y = d clamped to
/// [−c, c]. PyTorch's HuberLoss (delta = c), summed.
///
/// Source: P. J. Huber, Robust estimation of a location parameter (1964).
struct Huber {
  double threshold = 1.0;  ///< c > 0

  template <class V>
  [[nodiscard]] V value(const V& y, const V& z) const {
    // One formula for both cases: E = l(|d| − l/2) with l = min(|d|, c).
    const V d = abs(y - z);
    const V linear = at_most(d, V(threshold));
    return linear * (d - 0.5 * linear);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& y, const V& z) const {
    // Halves first: y − z may overflow.
    const V half = 0.5 * y - 0.5 * z;
    return 2 * at_least(at_most(half, V(0.5 * threshold)), V(-0.5 * threshold));
  }
  /// @throws std::invalid_argument unless the threshold is positive and finite
  constexpr void(check)() const {
    if (!(threshold > 0 && is_finite(threshold))) {
      fail_argument("Huber: threshold must be positive and finite, got ", threshold);
    }
  }
};

BACKFOLD_END_NAMESPACE
