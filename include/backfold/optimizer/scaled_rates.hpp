// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/optimizer/changed_gradient.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Any optimizer with a learning rate for each parameter: η_i = η f_i. A parameter with f_i = 0 is
/// frozen: it does not change by a bit, whatever the optimizer's momentum or decay.
///
///     bf::ScaledRates{bf::Adam{}, 1 - 0.9 * bf::layer_mask(net, "encoder").array()}   // a tenth
///     bf::ScaledRates{bf::Adam{}, 1 - bf::layer_mask(net, 1).array()}                 // frozen
///
/// The optimizer's new w is replaced by w + f ∘ (new w − w). Nesterov's lookahead is scaled
/// likewise. For Rprop, which has no learning rate, f scales the step sizes. The gradient of frozen
/// parameters is 0, so they do not count in the norm of an inner ClipNorm.
template <class O>
struct ScaledRates {
  static constexpr const char* name = "ScaledRates";
  static_assert(Optimizer<O>,
                "backfold: a wrapper takes an optimizer first: it needs check(), State and step()");

  O inner;
  Vector<double> factors;  ///< f_i >= 0, one for each parameter

  template <class F>
  ScaledRates(const O& optimizer, const Eigen::DenseBase<F>& f)
      : inner(optimizer), factors(f.derived()) {}

  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : inner(n), vectors(n) {}
    typename O::template State<S, N> inner;
    detail::StateVectors<S, N, 2> vectors;  ///< w before the step, and the point of evaluation

    /// Values of the inner optimizer.
    template <class Function>
    void for_each_value(const Function& f) {
      inner.for_each_value(f);
    }
  };

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (inner.check)();
    for (Index i = 0; i < factors.size(); ++i) {
      detail::check_not_negative("ScaledRates: factors", factors[i]);
    }
  }

  /// @throws std::invalid_argument unless there is one factor for each of n parameters
  void check_count(Index n) const { detail::check_count_of("ScaledRates", factors.size(), n); }

  /// @throws std::invalid_argument as `check_count`, if the factors have changed since `start`
  template <Real S, Index N, class Objective, class Ranges = OneRange>
  double step(S* w, Objective&& objective, State<S, N>& state, const Ranges& ranges = {}) const {
    const Index n = state.vectors.size();
    S* const before = state.vectors[0];
    S* const ahead = state.vectors[1];
    check_count(n);
    const auto for_each = [&](const auto& f) {
      ranges.for_each(n, [&](Index first, Index count) {
        for (Index i = first; i < first + count; ++i) f(i);
      });
    };
    for_each([&](Index i) { before[i] = w[i]; });
    const auto scaled_objective = [&](const S* at, S* gradient) {
      for_each([&](Index i) { ahead[i] = scaled(before[i], at[i], i); });
      const double e = objective(static_cast<const S*>(ahead), gradient);
      for_each([&](Index i) {
        if (factors[i] == 0 && is_finite(gradient[i])) gradient[i] = S(0);
      });
      return e;
    };
    const double error = detail::step_in_ranges(inner, w, scaled_objective, state.inner, ranges);
    for_each([&](Index i) { w[i] = scaled(before[i], w[i], i); });
    return error;
  }

 private:
  /// from + f (to − from), exact if f is 0 or 1.
  template <class S>
  [[nodiscard]] S scaled(S from, S to, Index i) const {
    const double f = factors[i];
    if (f == 1) return to;
    if (f == 0 || to == from) return from;
    return static_cast<S>(double(from) + f * (double(to) - double(from)));
  }
};

template <class O, class F>
ScaledRates(const O&, const Eigen::DenseBase<F>&) -> ScaledRates<O>;

BACKFOLD_END_NAMESPACE
