// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Half squared error: E = ½ Σ (z − y)², ∂E/∂y = y − z. For continuous outputs.
///
/// Differs: PyTorch's MSELoss has no ½ and divides by the number of outputs as well.
struct HalfSquaredError {
  template <class V>
  [[nodiscard]] V value(const V& y, const V& z) const {
    return 0.5 * (z - y) * (z - y);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& y, const V& z) const {
    return y - z;
  }
};

BACKFOLD_END_NAMESPACE
