// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Rectifier: φ(net) = max(net, 0), φ' = 1 for net > 0, else 0 (at 0 too). NaN stays NaN.
///
/// Source: Nair & Hinton, Rectified linear units improve restricted Boltzmann machines (2010).
struct Relu {
  static constexpr const char* name = "Relu";
  template <class V>
  [[nodiscard]] V value(const V& net) const {
    return select(net < V(0), V(0), net);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& x) const {
    return select(x > V(0), V(1), V(0));
  }
};

template <>
inline constexpr bool outputs_probabilities<Relu> = false;

BACKFOLD_END_NAMESPACE
