// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Absolute error: E = Σ |y − z|, ∂E/∂y = sign(y − z), 0 at the kink. PyTorch's L1Loss, summed.
struct AbsoluteError {
  template <class V>
  [[nodiscard]] V value(const V& y, const V& z) const {
    return abs(y - z);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& y, const V& z) const {
    // The zeros carry NaN of either input; y − z might overflow.
    return select(y > z, V(1), select(y < z, V(-1), 0 * y + 0 * z));
  }
};

BACKFOLD_END_NAMESPACE
