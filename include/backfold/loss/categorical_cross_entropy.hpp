// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/loss/binary_cross_entropy.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Categorical cross-entropy: E = −Σ z ln y, ∂E/∂y = −z/y. For outputs that are the probabilities
/// of classes; targets are one-hot or a distribution.
///
/// Behind Softmax it is computed from the net inputs: E = Σ_j z_j (LSE(net) − net_j), δ = y Σ z −
/// z; behind Sigmoid (one for each class) E = Σ z ln(1 + exp(−a·net)), δ = −a z(1 − y). Both are
/// finite for every finite net input. Behind other activations y is held to the smallest normal
/// number inside the logarithm.
/// Source: Bridle, Probabilistic interpretation of feedforward classification network outputs
/// (1990).
struct CategoricalCrossEntropy {
  template <class V>
  V value(const V& y, const V& z) const {
    return -detail::times_log(z, y);
  }
  template <class V>
  V derivative(const V& y, const V& z) const {
    return -detail::over_probability(z, y);
  }
};

BACKFOLD_END_NAMESPACE
