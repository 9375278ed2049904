// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"
#include "backfold/activation/unit_symmetry.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Hyperbolic tangent with slope a: φ(net) = tanh(a·net), φ' = a·(1 − x²).
///
/// Antisymmetric, with values in (−1, 1).
/// Source: LeCun, Bottou, Orr & Müller, Efficient BackProp (1998).
/// @throws std::invalid_argument (when a layer is made) unless a is positive and finite
struct Tanh {
  static constexpr const char* name = "Tanh";
  double slope = 1.0;  ///< a > 0
  static constexpr std::array settings{Setting{"slope", &Tanh::slope}};

  template <class V>
  [[nodiscard]] V value(const V& net) const {
    return tanh(detail::scaled(slope, net));
  }
  template <class V>
  [[nodiscard]] V derivative(const V& x) const {
    return slope * (1 - x * x);
  }
  constexpr void(check)() const { detail::check_positive("Tanh: slope", slope); }
};

template <>
inline constexpr bool outputs_probabilities<Tanh> = false;
template <>
[[nodiscard]] constexpr bool is_odd<Tanh>() {
  return true;
}

BACKFOLD_END_NAMESPACE
