// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The logistic function with slope a: φ(net) = 1/(1 + exp(−a·net)), φ' = a·x(1 − x).
///
/// Values in (0, 1), which can be probabilities. With BinaryCrossEntropy or CategoricalCrossEntropy
/// as loss, δ is computed from the net input. With other losses φ' is computed from the output, so
/// it is exact only to the output's rounding: if x rounds to 1 (a·net > 17 in float, 37 in double),
/// φ' is 0.
/// @throws std::invalid_argument (when a layer is made) unless a is positive and finite
struct Sigmoid {
  static constexpr const char* name = "Sigmoid";
  double slope = 1.0;  ///< a > 0
  static constexpr std::array settings{Setting{"slope", &Sigmoid::slope}};

  template <class V>
  [[nodiscard]] V value(const V& net) const {
    return sigmoid(detail::scaled(slope, net));
  }
  template <class V>
  [[nodiscard]] V derivative(const V& x) const {
    return slope * x * (1 - x);
  }
  constexpr void(check)() const { detail::check_positive("Sigmoid: slope", slope); }
};

BACKFOLD_END_NAMESPACE
