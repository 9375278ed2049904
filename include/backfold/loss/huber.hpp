// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "backfold/core/error.hpp"
#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Huber's loss: E = Σ ½d² where |d| <= c, else c(|d| − c/2), with d = y − z; ∂E/∂y = d held to
/// [−c, c]. PyTorch's HuberLoss (delta = c), summed.
///
/// Source: P. J. Huber, Robust estimation of a location parameter (1964).
struct Huber {
  double threshold = 1.0;  ///< c > 0

  template <class V>
  V value(const V& y, const V& z) const {
    const V d = abs(y - z);
    return select(d > V(threshold), threshold * (d - 0.5 * threshold), 0.5 * d * d);
  }
  template <class V>
  V derivative(const V& y, const V& z) const {
    return at_least(at_most(y - z, V(threshold)), V(-threshold));
  }
  /// @throws std::invalid_argument unless the threshold is positive and finite
  constexpr void(check)() const {
    if (!(threshold > 0 && threshold <= (std::numeric_limits<double>::max)())) {
      fail_argument("Huber: threshold must be positive and finite, got ", threshold);
    }
  }
};

BACKFOLD_END_NAMESPACE
