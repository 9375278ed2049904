// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "backfold/core/long_sum.hpp"
#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The Euclidean norm of n numbers, in double, without overflow on the way.
template <Real S>
double norm_of(const S* x, Index n) {
  double largest = 0;
  for (Index i = 0; i < n; ++i) {
    const double magnitude = std::abs(static_cast<double>(x[i]));
    if (!(magnitude <= largest)) largest = magnitude;
  }
  if (largest == 0 || !is_finite(largest)) return largest;
  return largest * std::sqrt(detail::sum_in_runs(n, [&](Index first, Index count) {
           double sum = 0;
           for (Index i = first; i < first + count; ++i) {
             const double part = static_cast<double>(x[i]) / largest;
             sum += part * part;
           }
           return sum;
         }));
}

namespace detail {

/// An optimizer whose gradient passes through `Derived::clip` first.
template <class Derived, class O>
struct Clipping : O {
  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : inner(n), size(n) {}
    typename O::template State<S, N> inner;
    Index size;
  };

  template <Real S, Index N, class Objective>
  BACKFOLD_ALWAYS_INLINE double step(S* w, Objective&& objective, State<S, N>& state) const {
    const Derived& self = static_cast<const Derived&>(*this);
    return O::step(
        w,
        [&](const S* at, S* gradient) {
          const double error = objective(at, gradient);
          // What is not finite stays so, and stops the step.
          if (all_finite(gradient, state.size)) self.clip(gradient, state.size);
          return error;
        },
        state.inner);
  }
};

}  // namespace detail

/// Any optimizer with the gradient scaled down to a norm where it is longer:
/// ∇E ← ∇E · min(1, c/|∇E|) over the whole vector.
///
///     bf::ClipNorm{bf::Adam{.learning_rate = 1e-3}, 1.0}
///
/// Source: Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks
/// (2013).
template <class O>
struct ClipNorm : detail::Clipping<ClipNorm<O>, O> {
  double largest_norm;  ///< c > 0

  ClipNorm(const O& optimizer, double norm)
      : detail::Clipping<ClipNorm<O>, O>{optimizer}, largest_norm(norm) {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (O::check)();
    detail::check_above_zero("ClipNorm: largest_norm", largest_norm);
  }
  template <Real S>
  void clip(S* gradient, Index n) const {
    const double norm = norm_of(gradient, n);
    if (norm <= largest_norm) return;
    const double factor = largest_norm / norm;
    for (Index i = 0; i < n; ++i)
      gradient[i] = static_cast<S>(static_cast<double>(gradient[i]) * factor);
  }
};

/// Any optimizer with each number of the gradient held to [−c, c].
template <class O>
struct ClipValue : detail::Clipping<ClipValue<O>, O> {
  double largest_value;  ///< c > 0

  ClipValue(const O& optimizer, double value)
      : detail::Clipping<ClipValue<O>, O>{optimizer}, largest_value(value) {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (O::check)();
    detail::check_above_zero("ClipValue: largest_value", largest_value);
  }
  template <Real S>
  void clip(S* gradient, Index n) const {
    const S c = static_cast<S>(largest_value);
    for (Index i = 0; i < n; ++i) {
      gradient[i] = gradient[i] > c ? c : gradient[i] < -c ? -c : gradient[i];
    }
  }
};

BACKFOLD_END_NAMESPACE
