// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Leaky rectifier: φ(net) = net for net > 0, else a·net; φ' = 1 or a (a at 0).
///
/// Source: Maas, Hannun & Ng, Rectifier nonlinearities improve neural network acoustic models
/// (2013).
/// @throws std::invalid_argument (when a layer is made) unless a is positive and finite
struct LeakyRelu {
  static constexpr const char* name = "LeakyRelu";
  double slope = 0.01;  ///< a > 0, below 0
  static constexpr std::array settings{Setting{"slope", &LeakyRelu::slope}};

  template <class V>
  [[nodiscard]] V value(const V& net) const {
    return select(net > V(0), net, slope * at_most(net, V(0)));
  }
  template <class V>
  [[nodiscard]] V derivative(const V& x) const {
    return select(x > V(0), V(1), V(slope));
  }
  constexpr void(check)() const { detail::check_positive("LeakyRelu: slope", slope); }
};

template <>
inline constexpr bool outputs_probabilities<LeakyRelu> = false;

BACKFOLD_END_NAMESPACE
