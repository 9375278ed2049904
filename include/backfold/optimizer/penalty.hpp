// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "backfold/core/long_sum.hpp"
#include "backfold/optimizer/changed_gradient.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Base of optimizers with λ Σ m_i term(w_i) added to E; `Derived` has the name, the term and its
/// derivative.
template <class Derived, class O>
struct Penalized : ChangedGradient<Derived, O> {
  double strength;       ///< λ >= 0
  Vector<double> share;  ///< m_i >= 0, one for each parameter; if empty, all are 1

  Penalized(const O& optimizer, double lambda, Vector<double> m = {})
      : ChangedGradient<Derived, O>{optimizer}, strength(lambda), share((std::move)(m)) {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (this->inner.check)();
    const std::string optimizer(Derived::name);
    check_not_negative((optimizer + ": strength").c_str(), strength);
    for (Index i = 0; i < share.size(); ++i) {
      check_not_negative((optimizer + ": share").c_str(), share[i]);
    }
  }
  /// @throws std::invalid_argument unless there are no m_i, or n
  void check_count(Index n) const {
    if (share.size() != 0) check_count_of(Derived::name, share.size(), n);
  }
  template <Real S, class Ranges>
  double change(const S* w, S* gradient, Index n, const Ranges& ranges) const {
    check_count(n);
    const auto factor = [&](Index i) { return share.size() == 0 ? strength : strength * share[i]; };
    ranges.for_each(n, [&](Index first, Index count) {
      for (Index i = first; i < first + count; ++i) {
        gradient[i] += static_cast<S>(factor(i) * Derived::slope(static_cast<double>(w[i])));
      }
    });
    return sum_in_runs(n, [&](Index first, Index count) {
      double sum = 0;
      for (Index i = first; i < first + count; ++i) {
        sum += factor(i) * Derived::term(static_cast<double>(w[i]));
      }
      return sum;
    });
  }
};

}  // namespace detail

/// Any optimizer with half the sum of squared parameters added to E: E ← E + ½λ Σ m_i w_i², ∇E ← ∇E
/// + λ m ∘ w. After SGD this is weight decay; after Adam it is not (see AdamW), as the penalty's
/// gradient passes through its moments.
///
///     bf::PenalizeL2{bf::Adam{}, 1e-4, bf::weights_mask(net)}     // weights, not biases
///
/// The losses of `fit` include the penalty, once per step. With Reduction::Sum, λ is relative to
/// the sum over a batch. `start` refuses a number of m_i other than the number of parameters.
///
/// Source: Krogh & Hertz, A simple weight decay can improve generalization (1992).
template <class O>
struct PenalizeL2 : detail::Penalized<PenalizeL2<O>, O> {
  static constexpr const char* name = "PenalizeL2";
  using detail::Penalized<PenalizeL2<O>, O>::Penalized;

  static double term(double v) { return 0.5 * v * v; }
  static double slope(double v) { return v; }
};

template <class O, class... Share>
PenalizeL2(const O&, double, const Share&...) -> PenalizeL2<O>;

/// Any optimizer with the magnitudes of parameters added to E: E ← E + λ Σ m_i |w_i|, ∇E ← ∇E + λ m
/// ∘ sign w, with sign 0 = 0. It drives parameters with little effect to 0, around which they
/// oscillate by steps of ηλ.
///
///     bf::PenalizeL1{bf::Sgd{}, 1e-4, bf::weights_mask(net)}
///
/// E and m as for PenalizeL2.
///
/// Source: Tibshirani, Regression shrinkage and selection via the lasso (1996).
template <class O>
struct PenalizeL1 : detail::Penalized<PenalizeL1<O>, O> {
  static constexpr const char* name = "PenalizeL1";
  using detail::Penalized<PenalizeL1<O>, O>::Penalized;

  static double term(double v) { return std::abs(v); }
  static double slope(double v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }
};

template <class O, class... Share>
PenalizeL1(const O&, double, const Share&...) -> PenalizeL1<O>;

BACKFOLD_END_NAMESPACE
