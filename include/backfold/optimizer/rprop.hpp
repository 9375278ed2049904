// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Resilient propagation: each parameter has its own step size Δ, multiplied by η⁺ while its
/// derivative keeps its sign, by η⁻ when the sign changes; w ← w − sign(∂E/∂w)Δ. After a change of
/// sign the parameter is not changed for one step. For full-batch learning.
///
/// Source: Riedmiller & Braun, A direct adaptive method for faster backpropagation learning: the
/// RPROP algorithm (1993), without weight backtracking (iRprop− of Igel & Hüsken, 2000), as in
/// PyTorch.
struct Rprop {
  static constexpr const char* name = "Rprop";
  static constexpr bool follows_learning_rate = false;  ///< used only for the first step

  double learning_rate = 0.01;  ///< the first Δ
  double increase = 1.2;        ///< η⁺ >= 1
  double decrease = 0.5;        ///< η⁻ in [0, 1)
  double smallest_step = 1e-6;  ///< of Δ
  double largest_step = 50;     ///< of Δ

  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : vectors(n) {}
    detail::StateVectors<S, N, 3> vectors;  ///< gradient, previous gradient, Δ
    bool started = false;

    /// Calls f(name, numbers, count) for all values that later steps depend on.
    template <class Function>
    void for_each_value(const Function& f) {
      f("gradient", vectors[1], vectors.size());
      f("change", vectors[2], vectors.size());
      f("started", &started, Index{1});
    }
  };

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    detail::check_not_negative("Rprop: learning_rate", learning_rate);
    detail::check_setting("Rprop: increase", increase, 1, 1e300);
    detail::check_setting("Rprop: decrease", decrease, 0, 1);
    detail::check_not_negative("Rprop: smallest_step", smallest_step);
    detail::check_setting("Rprop: largest_step", largest_step, smallest_step, 1e300);
  }

  template <Real S, Index N, class Objective, class Ranges = OneRange>
  BACKFOLD_ALWAYS_INLINE double step(S* w, Objective&& objective, State<S, N>& state,
                                     const Ranges& ranges = {}) const {
    S* const g = state.vectors[0];
    const Index n = state.vectors.size();
    double error;
    if (!detail::evaluate_finite<N>(objective, w, g, n, error, ranges)) return error;
    using V = LanesFor<S, N>;
    if (!state.started) {
      transform_into<N>(
          state.vectors[2], n, [&](const V&) { return V(learning_rate); }, state.vectors[2]);
      state.started = true;
    }
    detail::fused_pass<N>(
        ranges, n, g,
        [&](const V& gradient, V& w_, V& before, V& size) {
          // Compares signs, since the product underflows for small gradients.
          const V sign = sign_of(gradient);
          const V agreement = sign * sign_of(before);
          const V factor =
              select(agreement > V(0), V(increase), select(agreement < V(0), V(decrease), V(1)));
          size = at_most(at_least(size * factor, V(smallest_step)), V(largest_step));
          const V used = select(agreement < V(0), V(0), gradient);
          w_ -= sign_of(used) * size;
          before = used;
        },
        w, state.vectors[1], state.vectors[2]);
    return error;
  }

 private:
  template <class V>
  static V sign_of(const V& v) {
    return select(v > V(0), V(1), select(v < V(0), V(-1), V(0)));
  }
};

BACKFOLD_END_NAMESPACE
