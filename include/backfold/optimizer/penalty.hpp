// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <utility>

#include "backfold/core/long_sum.hpp"
#include "backfold/optimizer/changed_gradient.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The strength λ m_i of a penalty on each parameter, and its checks.
struct PenaltyStrength {
  double strength;       ///< λ >= 0
  Vector<double> share;  ///< m_i >= 0, one for each parameter; none: all are 1

  void check_values(const char* name) const {
    check_not_negative(name, strength);
    for (Index i = 0; i < share.size(); ++i) check_not_negative(name, share[i]);
  }
  [[nodiscard]] double of(Index i) const {
    return share.size() == 0 ? strength : strength * share[i];
  }

  /// Adds ∂(λ m_i term(w_i))/∂w_i to the gradient. @return Σ λ m_i term(w_i)
  template <class S, class Term, class Slope>
  double add(const char* name, const S* w, S* gradient, Index n, const Term& term,
             const Slope& slope) const {
    if (share.size() != 0) check_count_of(name, share.size(), n);
    for (Index i = 0; i < n; ++i) {
      gradient[i] += static_cast<S>(of(i) * slope(static_cast<double>(w[i])));
    }
    return sum_in_runs(n, [&](Index first, Index count) {
      double sum = 0;
      for (Index i = first; i < first + count; ++i) sum += of(i) * term(static_cast<double>(w[i]));
      return sum;
    });
  }
};

}  // namespace detail

/// Any optimizer with half the squares of parameters added to the error:
/// E ← E + ½λ Σ m_i w_i², ∇E ← ∇E + λ m ∘ w. After SGD this is weight decay; after Adam it is not
/// (see AdamW), as the penalty's gradient passes through its moments.
///
///     bf::PenalizeL2{bf::Adam{}, 1e-4, bf::weights_mask(net)}     // weights, not biases
///
/// E, as `fit` reports it, has the penalty in it, once for each step; with Reduction::Sum λ is to
/// be held against the sum over a batch. @throws std::invalid_argument in a step, if there are m_i
/// but not one for each parameter
///
/// Source: Krogh & Hertz, A simple weight decay can improve generalization (1992).
template <class O>
struct PenalizeL2 : detail::ChangedGradient<PenalizeL2<O>, O> {
  detail::PenaltyStrength penalty;  ///< λ, and m

  /// @param strength λ >= 0 @param share m, one for each parameter; none: all are 1
  PenalizeL2(const O& optimizer, double strength, Vector<double> share = {})
      : detail::ChangedGradient<PenalizeL2<O>, O>{optimizer},
        penalty{strength, (std::move)(share)} {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (O::check)();
    penalty.check_values("PenalizeL2: strength");
  }
  template <Real S>
  double change(const S* w, S* gradient, Index n) const {
    return penalty.add(
        "PenalizeL2", w, gradient, n, [](double v) { return 0.5 * v * v; },
        [](double v) { return v; });
  }
};

/// Any optimizer with the magnitudes of parameters added to the error:
/// E ← E + λ Σ m_i |w_i|, ∇E ← ∇E + λ m ∘ sign w, with sign 0 = 0. It draws parameters that do not
/// matter to 0, around which they go on by steps of ηλ.
///
///     bf::PenalizeL1{bf::Sgd{}, 1e-4, bf::weights_mask(net)}
///
/// E and m as of PenalizeL2.
///
/// Source: Tibshirani, Regression shrinkage and selection via the lasso (1996).
template <class O>
struct PenalizeL1 : detail::ChangedGradient<PenalizeL1<O>, O> {
  detail::PenaltyStrength penalty;  ///< λ, and m

  /// @param strength λ >= 0 @param share m, one for each parameter; none: all are 1
  PenalizeL1(const O& optimizer, double strength, Vector<double> share = {})
      : detail::ChangedGradient<PenalizeL1<O>, O>{optimizer},
        penalty{strength, (std::move)(share)} {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (O::check)();
    penalty.check_values("PenalizeL1: strength");
  }
  template <Real S>
  double change(const S* w, S* gradient, Index n) const {
    return penalty.add(
        "PenalizeL1", w, gradient, n, [](double v) { return std::abs(v); },
        [](double v) { return v > 0   ? 1.0
                              : v < 0 ? -1.0
                                      : 0.0; });
  }
};

BACKFOLD_END_NAMESPACE
