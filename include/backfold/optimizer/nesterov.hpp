// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/optimizer/blend.hpp"
#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Nesterov's accelerated gradient: Δw^τ = −η∇E(w + μΔw^(τ−1)) + μΔw^(τ−1), w ← w + Δw^τ.
///
/// True lookahead: the objective is evaluated once, at w + μΔw, and E is returned for this point.
/// Source: Sutskever, Martens, Dahl & Hinton, On the importance of initialization and momentum in
/// deep learning (2013). Differs: PyTorch keeps the lookahead point itself as w (Bengio's form),
/// which gives the same sequence only while η and μ are constant.
struct Nesterov {
  static constexpr const char* name = "Nesterov";
  double learning_rate = 0.01;  ///< η >= 0
  double momentum = 0.9;        ///< μ in [0, 1)

  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : vectors(n) {}
    detail::StateVectors<S, N, 3> vectors;  ///< gradient, Δw, w + μΔw

    /// Calls f(name, numbers, count) for all values that later steps depend on.
    template <class Function>
    void for_each_value(const Function& f) {
      f("change", vectors[1], vectors.size());
    }
  };

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    detail::check_not_negative("Nesterov: learning_rate", learning_rate);
    detail::check_setting("Nesterov: momentum", momentum, 0, 1);
  }

  template <Real S, Index N, class Objective, class Ranges = OneRange>
  BACKFOLD_ALWAYS_INLINE double step(S* w, Objective&& objective, State<S, N>& state,
                                     const Ranges& ranges = {}) const {
    S* const g = state.vectors[0];
    S* const change = state.vectors[1];
    S* const ahead = state.vectors[2];
    const Index n = state.vectors.size();
    using V = LanesFor<S, N>;
    const V rate(-learning_rate);
    const detail::Blend<V> kept(momentum);
    ranges.for_each(n, [&](Index first, Index count) {
      transform_into<detail::range_size<N, Ranges>>(
          ahead + first, count,
          [&]<class Lanes>(const Lanes& at, const Lanes& change_) {
            return multiply_add(Lanes(momentum), change_, at);
          },
          w + first, change + first);
    });
    double error;
    if (!detail::evaluate_finite<N>(objective, ahead, g, n, error, ranges)) return error;
    detail::fused_pass<N>(
        ranges, n, g,
        [&](const V& gradient, V& w_, V& change_) {
          change_ = detail::flushed(kept.keep_and_add(change_, rate * gradient));
          w_ += change_;
        },
        w, change);
    return error;
  }
};

BACKFOLD_END_NAMESPACE
