// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Gaussian error linear unit: φ(net) = net·Φ(net), φ' = Φ(net) + net·exp(−net²/2)/√(2π), with Φ
/// the normal distribution function. Not monotone: φ' needs the net input.
///
/// Source: Hendrycks & Gimpel, Gaussian error linear units (2016). The exact form, not the tanh
/// one.
struct Gelu {
  static constexpr const char* name = "Gelu";
  template <class V>
  [[nodiscard]] V value(const V& net) const {
    // −∞·0 is the limit 0.
    return select(net < V(zero_below), V(0), net * normal_cdf(net));
  }
  template <class V>
  [[nodiscard]] V derivative(const V& net, const V&) const {
    constexpr double inverse_sqrt_2pi = 0.39894228040143267794;
    // Clamps to |net| < −zero_below, so that infinity times 0 does not occur.
    const V inside = at_least(at_most(net, V(-zero_below)), V(zero_below));
    return normal_cdf(net) + inside * inverse_sqrt_2pi * exp(-0.5 * inside * inside);
  }

 private:
  static constexpr double zero_below = -40;  // Φ(−40) is 0 in every scalar
};

template <>
inline constexpr bool outputs_probabilities<Gelu> = false;

BACKFOLD_END_NAMESPACE
