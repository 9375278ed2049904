// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/optimizer/blend.hpp"
#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Gradient descent with momentum: Δw^τ = −η∇E(w) + μΔw^(τ−1), w ← w + Δw^τ.
///
/// Source: Rumelhart, Hinton & Williams, Learning representations by back-propagating errors
/// (1986). Differs: PyTorch's buffer is Δw/(−η), which is equivalent only while η is constant.
struct Momentum {
  static constexpr const char* name = "Momentum";
  double learning_rate = 0.01;  ///< η >= 0
  double momentum = 0.9;        ///< μ in [0, 1)

  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : vectors(n) {}
    detail::StateVectors<S, N, 2> vectors;  ///< gradient, Δw

    /// Calls f(name, numbers, count) for all values that later steps depend on.
    template <class Function>
    void for_each_value(const Function& f) {
      f("change", vectors[1], vectors.size());
    }
  };

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    detail::check_not_negative("Momentum: learning_rate", learning_rate);
    detail::check_setting("Momentum: momentum", momentum, 0, 1);
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
    const detail::Blend<V> kept(momentum);
    detail::fused_pass<N>(
        ranges, n, g,
        [&](const V& gradient, V& w_, V& change) {
          change = detail::flushed(kept.keep_and_add(change, rate * gradient));
          w_ += change;
        },
        w, state.vectors[1]);
    return error;
  }
};

BACKFOLD_END_NAMESPACE
