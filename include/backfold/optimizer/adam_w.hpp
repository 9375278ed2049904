// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/optimizer/adam.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Adam with decoupled weight decay λ: w ← (1 − ηλ)w before the step of Adam.
///
/// Source: Loshchilov & Hutter, Decoupled weight decay regularization (2019), in PyTorch's form.
struct AdamW {
  static constexpr const char* name = "AdamW";
  double learning_rate = 0.001;  ///< η >= 0
  double beta1 = 0.9;            ///< in [0, 1)
  double beta2 = 0.999;          ///< in [0, 1)
  double epsilon = 1e-8;         ///< ε >= 0
  double weight_decay = 0.01;    ///< λ >= 0
  EpsilonPlacement epsilon_placement = EpsilonPlacement::InsideRoot;

  template <Real S, Index N = Dynamic>
  using State = detail::AdamState<S, N>;

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    detail::check_adam({"AdamW: learning_rate", "AdamW: beta1", "AdamW: beta2", "AdamW: epsilon"},
                       *this);
    detail::check_not_negative("AdamW: weight_decay", weight_decay);
  }

  template <Real S, Index N, class Objective, class Ranges = OneRange>
  BACKFOLD_ALWAYS_INLINE double step(S* w, Objective&& objective, State<S, N>& state,
                                     const Ranges& ranges = {}) const {
    return detail::adam_step<true>(*this, weight_decay, w, objective, state, ranges);
  }
};

BACKFOLD_END_NAMESPACE
