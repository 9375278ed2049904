// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Smooth rectifier: φ(net) = ln(1 + exp(net)), φ' = sig(net) = 1 − exp(−x).
///
/// Source: Dugas et al., Incorporating second-order functional knowledge (2001). Differs: no
/// threshold above which the function is replaced by net (PyTorch has one at 20).
struct Softplus {
  static constexpr const char* name = "Softplus";
  template <class V>
  [[nodiscard]] V value(const V& net) const {
    return softplus(net);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& x) const {
    return -expm1(-x);
  }
};

template <>
inline constexpr bool outputs_probabilities<Softplus> = false;

BACKFOLD_END_NAMESPACE
