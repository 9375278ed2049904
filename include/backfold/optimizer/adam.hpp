// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "backfold/optimizer/blend.hpp"
#include "backfold/optimizer/epsilon_placement.hpp"
#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Moments and step count of Adam and AdamW.
template <Real S, Index N>
struct AdamState {
  explicit AdamState(Index n) : vectors(n) {}
  StateVectors<S, N, 3> vectors;  ///< gradient, m, v
  std::int64_t steps = 0;         ///< of the whole vector

  /// Calls f(name, numbers, count) for all values that later steps depend on.
  template <class Function>
  void for_each_value(const Function& f) {
    f("m", vectors[1], vectors.size());
    f("v", vectors[2], vectors.size());
    f("steps", &steps, Index{1});
  }
};

template <class Settings>
void check_adam(const char* const (&names)[4], const Settings& s) {
  check_not_negative(names[0], s.learning_rate);
  check_setting(names[1], s.beta1, 0, 1);
  check_setting(names[2], s.beta2, 0, 1);
  check_not_negative(names[3], s.epsilon);
}

/// Updates w and the moments in one pass over memory; if Decays, w first shrinks by the factor 1 −
/// η·weight_decay. Compiled once for all objectives.
template <Index N, bool Decays, class Settings, Real S>
BACKFOLD_NO_INLINE void adam_update(const Settings& settings, double weight_decay,
                                    std::int64_t count, Index n, const S* g, S* w, S* first,
                                    S* second) {
  // 1 − β^τ in double, accurate for small τ and for τ in the millions.
  const double steps = static_cast<double>(count);
  const double correction1 =
      settings.beta1 == 0 ? 1 : -std::expm1(steps * std::log(settings.beta1));
  const double correction2 =
      settings.beta2 == 0 ? 1 : -std::expm1(steps * std::log(settings.beta2));
  using V = LanesFor<S, N>;
  const V rate(-settings.learning_rate / correction1);
  const bool usual = settings.beta1 >= 0.5 && settings.beta2 >= 0.5;
  const Blend<V> moment(settings.beta1);
  const Blend<V> square_moment(settings.beta2);
  const InverseRoot<V> inverse_root(1 / correction2, settings.epsilon, settings.epsilon_placement);
  const double decay = settings.learning_rate * weight_decay;
  [[maybe_unused]] const Blend<V> decayed(1 - decay, decay);
  fused_pass<N>(
      OneRange{}, n, g,
      [&](const V& full_gradient, V& w_, V& m, V& v) {
        const V gradient = with_finite_square(full_gradient);
        const V square = gradient * gradient;
        if (usual) {
          m = moment.keep_most(m, gradient);
          v = square_moment.keep_most(v, square);
        } else {
          m = moment(m, gradient);
          v = square_moment(v, square);
        }
        m = flushed(m);
        v = flushed(v);
        const V root = inverse_root(v);
        if constexpr (Decays) {
          w_ = decayed.keep_and_add(w_, rate * m * root);
        } else {
          w_ = multiply_add(rate * m, root, w_);
        }
      },
      w, first, second);
}

template <bool Decays, Index N, class Settings, Real S, class Objective, class Ranges>
BACKFOLD_ALWAYS_INLINE double adam_step(const Settings& settings, double weight_decay, S* w,
                                        Objective&& objective, AdamState<S, N>& state,
                                        const Ranges& ranges) {
  S* const g = state.vectors[0];
  S* const first_moment = state.vectors[1];
  S* const second_moment = state.vectors[2];
  double error;
  if (evaluate_finite<N>(objective, w, g, state.vectors.size(), error, ranges)) {
    const std::int64_t steps = ++state.steps;
    ranges.for_each(state.vectors.size(), [&](Index i, Index n) BACKFOLD_INLINE_LAMBDA {
      adam_update<range_size<N, Ranges>, Decays>(settings, weight_decay, steps, n, g + i, w + i,
                                                 first_moment + i, second_moment + i);
    });
  }
  return error;
}

}  // namespace detail

/// Adam: m ← β1 m + (1 − β1)∇E, v ← β2 v + (1 − β2)∇E², m̂ = m/(1 − β1^τ), v̂ = v/(1 − β2^τ), w ← w
/// − η m̂/√(v̂ + ε), or m̂/(√v̂ + ε) with ε outside the root. τ counts the steps of the whole
/// vector w.
///
/// Source: Kingma & Ba, Adam: a method for stochastic optimization (2015). Differs: ε inside the
/// root by default; EpsilonPlacement::OutsideRoot is the paper's and PyTorch's form.
struct Adam {
  static constexpr const char* name = "Adam";
  double learning_rate = 0.001;  ///< η >= 0
  double beta1 = 0.9;            ///< in [0, 1)
  double beta2 = 0.999;          ///< in [0, 1)
  double epsilon = 1e-8;         ///< ε >= 0
  EpsilonPlacement epsilon_placement = EpsilonPlacement::InsideRoot;

  template <Real S, Index N = Dynamic>
  using State = detail::AdamState<S, N>;

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    detail::check_adam({"Adam: learning_rate", "Adam: beta1", "Adam: beta2", "Adam: epsilon"},
                       *this);
  }

  template <Real S, Index N, class Objective, class Ranges = OneRange>
  BACKFOLD_ALWAYS_INLINE double step(S* w, Objective&& objective, State<S, N>& state,
                                     const Ranges& ranges = {}) const {
    return detail::adam_step<false>(*this, 0, w, objective, state, ranges);
  }
};

BACKFOLD_END_NAMESPACE
