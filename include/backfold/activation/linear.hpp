// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"
#include "backfold/activation/unit_symmetry.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The identity: φ(net) = net, φ' = 1. For continuous outputs.
struct Linear {
  static constexpr const char* name = "Linear";
  template <class V>
  [[nodiscard]] V value(const V& net) const {
    return net;
  }
  template <class V>
  [[nodiscard]] V derivative(const V&) const {
    return V(1);
  }
};

template <>
inline constexpr bool outputs_probabilities<Linear> = false;
template <>
[[nodiscard]] constexpr bool is_odd<Linear>() {
  return true;
}

BACKFOLD_END_NAMESPACE
