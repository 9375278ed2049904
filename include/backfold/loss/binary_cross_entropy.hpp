// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "backfold/core/error.hpp"
#include "backfold/core/math.hpp"
#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// z ln p with 0·ln 0 = 0. p is at least the smallest normal number, so the result is finite.
template <class V>
V times_log(const V& z, const V& p) {
  const V smallest((std::numeric_limits<typename V::Scalar>::min)());
  return select(z == V(0), V(0) * p, z * log(at_least(p, smallest)));
}
/// Derivative with respect to p: z/p.
template <class V>
V over_probability(const V& z, const V& p) {
  return z / at_least(p, V((std::numeric_limits<typename V::Scalar>::min)()));
}

}  // namespace detail

/// Binary cross-entropy: E = −Σ z ln y + (1 − z) ln(1 − y), ∂E/∂y = (1 − z)/(1 − y) − z/y. Each
/// output is a probability, each target in [0, 1].
///
/// After Sigmoid it is computed from the net input: E = max(x, 0) − x z + ln(1 + exp(−|x|)) with x
/// = a·net, δ = a(y − z), finite for every finite net input. After other activations the arguments
/// y and 1 − y of the logarithm are at least the smallest normal number. Source: Solla, Levin &
/// Fleisher, Accelerated learning in layered neural networks (1988).
///
/// `fit` refuses targets outside [0, 1], and activations whose outputs are not probabilities.
struct BinaryCrossEntropy {
  static constexpr bool takes_probabilities = true;

  template <class V>
  [[nodiscard]] V value(const V& y, const V& z) const {
    return -(detail::times_log(z, y) + detail::times_log(1 - z, 1 - y));
  }
  template <class V>
  [[nodiscard]] V derivative(const V& y, const V& z) const {
    return detail::over_probability(1 - z, 1 - y) - detail::over_probability(z, y);
  }
  /// @throws std::invalid_argument unless each target is in [0, 1]
  template <Real S>
  void check_targets(const S* z, Index units, Index column) const {
    for (Index i = 0; i < units; ++i) {
      if (!(z[i] >= 0 && z[i] <= 1)) {
        fail_argument("data: the target at row ", i, ", column ", column, " is ", double(z[i]),
                      ", BinaryCrossEntropy needs 0 to 1");
      }
    }
  }
};

BACKFOLD_END_NAMESPACE
