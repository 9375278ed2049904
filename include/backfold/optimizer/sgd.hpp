// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Gradient descent: w ← w − η∇E(w).
///
/// Source: Robbins & Monro, A stochastic approximation method (1951).
struct Sgd {
  static constexpr const char* name = "Sgd";
  double learning_rate = 0.01;  ///< η >= 0

  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : vectors(n) {}
    detail::StateVectors<S, N, 1> vectors;  ///< gradient

    /// Later steps depend on no values.
    template <class Function>
    void for_each_value(const Function&) {}
  };

  /// @throws std::invalid_argument for a negative or not finite rate
  void(check)() const { detail::check_not_negative("Sgd: learning_rate", learning_rate); }

  template <Real S, Index N, class Objective, class Ranges = OneRange>
  BACKFOLD_ALWAYS_INLINE double step(S* w, Objective&& objective, State<S, N>& state,
                                     const Ranges& ranges = {}) const {
    S* const g = state.vectors[0];
    const Index n = state.vectors.size();
    double error;
    if (!detail::evaluate_finite<N>(objective, w, g, n, error, ranges)) return error;
    using V = LanesFor<S, N>;
    const V rate(-learning_rate);
    detail::fused_pass<N>(
        ranges, n, g, [&](const V& gradient, V& w_) { w_ = multiply_add(rate, gradient, w_); }, w);
    return error;
  }
};

BACKFOLD_END_NAMESPACE
