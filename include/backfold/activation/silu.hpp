// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Sigmoid linear unit (swish): φ(net) = net·sig(net), φ' = sig(net)·(1 + net(1 − sig(net))). Not
/// monotone: φ' needs the net input.
///
/// Source: Elfwing, Uchibe & Doya, Sigmoid-weighted linear units (2018).
struct Silu {
  static constexpr const char* name = "Silu";
  template <class V>
  [[nodiscard]] V value(const V& net) const {
    // −∞·0 is the limit 0.
    return select(net < V(zero_below), V(0), net * sigmoid(net));
  }
  template <class V>
  [[nodiscard]] V derivative(const V& net, const V& x) const {
    const V s = sigmoid(net);
    return select(net < V(zero_below), V(0), select(net > V(-zero_below), V(1), s + x * (1 - s)));
  }

 private:
  static constexpr double zero_below = -800;  // sig(−800) is 0 in every scalar
};

template <>
inline constexpr bool outputs_probabilities<Silu> = false;

BACKFOLD_END_NAMESPACE
