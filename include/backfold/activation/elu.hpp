// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Exponential linear unit: φ(net) = net for net > 0, else a(exp(net) − 1); φ' = 1, or x + a.
///
/// Source: Clevert, Unterthiner & Hochreiter, Fast and accurate deep network learning by
/// exponential linear units (2016).
/// @throws std::invalid_argument (when a layer is made) unless a is positive and finite
struct Elu {
  static constexpr const char* name = "Elu";
  double alpha = 1.0;  ///< a > 0
  static constexpr std::array settings{Setting{"alpha", &Elu::alpha}};

  template <class V>
  [[nodiscard]] V value(const V& net) const {
    return select(net > V(0), net, alpha * expm1(at_most(net, V(0))));
  }
  template <class V>
  [[nodiscard]] V derivative(const V& x) const {
    return select(x > V(0), V(1), at_most(x, V(0)) + alpha);
  }
  constexpr void(check)() const { detail::check_positive("Elu: alpha", alpha); }
};

template <>
inline constexpr bool outputs_probabilities<Elu> = false;

BACKFOLD_END_NAMESPACE
