// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/optimizer/blend.hpp"
#include "backfold/optimizer/epsilon_placement.hpp"
#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// RMSprop: v ← γv + (1 − γ)∇E², w ← w − η∇E/√(v + ε), or ∇E/(√v + ε) with ε outside the root.
///
/// Source: Tieleman & Hinton, Lecture 6.5: rmsprop (2012). Differs: γ = 0.9 as there; PyTorch calls
/// it alpha, 0.99 by default, and has ε outside.
struct RmsProp {
  static constexpr const char* name = "RmsProp";
  double learning_rate = 0.001;  ///< η >= 0
  double decay = 0.9;            ///< γ in [0, 1)
  double epsilon = 1e-8;         ///< ε >= 0
  EpsilonPlacement epsilon_placement = EpsilonPlacement::InsideRoot;

  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : vectors(n) {}
    detail::StateVectors<S, N, 2> vectors;  ///< gradient, v

    /// Calls f(name, numbers, count) for all values that later steps depend on.
    template <class Function>
    void for_each_value(const Function& f) {
      f("v", vectors[1], vectors.size());
    }
  };

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    detail::check_not_negative("RmsProp: learning_rate", learning_rate);
    detail::check_setting("RmsProp: decay", decay, 0, 1);
    detail::check_not_negative("RmsProp: epsilon", epsilon);
  }

  template <Real S, Index N, class Objective, class Ranges = OneRange>
  BACKFOLD_ALWAYS_INLINE double step(S* w, Objective&& objective, State<S, N>& state,
                                     const Ranges& ranges = {}) const {
    S* const g = state.vectors[0];
    const Index n = state.vectors.size();
    double error;
    if (!detail::evaluate_finite<N>(objective, w, g, n, error, ranges)) return error;
    using V = LanesFor<S, N>;
    const V rate(-learning_rate);
    const detail::Blend<V> average(decay);
    const detail::InverseRoot<V> inverse_root(1, epsilon, epsilon_placement);
    detail::fused_pass<N>(
        ranges, n, g,
        [&](const V& full_gradient, V& w_, V& v) {
          const V gradient = detail::with_finite_square(full_gradient);
          v = detail::flushed(average(v, gradient * gradient));
          w_ = multiply_add(rate * gradient, inverse_root(v), w_);
        },
        w, state.vectors[1]);
    return error;
  }
};

BACKFOLD_END_NAMESPACE
