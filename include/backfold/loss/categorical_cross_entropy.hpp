// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/loss/binary_cross_entropy.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Categorical cross-entropy: E = −Σ z ln y, ∂E/∂y = −z/y. Outputs are the probabilities of
/// classes; targets are one-hot or a distribution.
///
/// After Softmax it is computed from the net inputs: E = Σ_j z_j (LSE(net) − net_j), δ = y Σ z − z;
/// after Sigmoid (one for each class) E = Σ z ln(1 + exp(−a·net)), δ = −a z(1 − y). Both are finite
/// for every finite net input. After other activations the argument y of the logarithm is at least
/// the smallest normal number. Source: Bridle, Probabilistic interpretation of feedforward
/// classification network outputs (1990).
///
/// `fit` refuses targets outside 0..1 (rounding aside), samples whose targets are all 0, a single
/// output, and activations whose outputs are not probabilities. Targets that sum to s weight their
/// sample by s.
struct CategoricalCrossEntropy {
  static constexpr bool takes_probabilities = true;

  template <class V>
  [[nodiscard]] V value(const V& y, const V& z) const {
    return -detail::times_log(z, y);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& y, const V& z) const {
    return -detail::over_probability(z, y);
  }
  /// @throws std::invalid_argument unless the targets of a sample are in 0..1 and not all 0
  template <Real S>
  void check_targets(const S* z, Index units, Index column) const {
    if (units < 2) {
      fail_argument("CategoricalCrossEntropy: needs an output for each class, got ", units,
                    "; for yes or no take BinaryCrossEntropy on one Sigmoid unit");
    }
    double sum = 0;
    for (Index i = 0; i < units; ++i) {
      if (!(z[i] >= 0 && z[i] <= S(1.0001))) {
        fail_argument("data: the target at row ", i, ", column ", column, " is ", double(z[i]),
                      ", CategoricalCrossEntropy needs 0 to 1");
      }
      sum += static_cast<double>(z[i]);
    }
    if (!(sum > 0)) {
      fail_argument("data: the targets in column ", column, " sum to ", sum,
                    ", CategoricalCrossEntropy needs a distribution over the classes");
    }
  }
};

BACKFOLD_END_NAMESPACE
