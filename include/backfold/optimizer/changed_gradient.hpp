// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Base of wrappers that change E and the gradient by `Derived::change(w, gradient, n, ranges)`,
/// which returns the term added to E. Passes over all n run in the ranges; sums do not, as their
/// bits would depend on the number of threads.
template <class Derived, class O>
struct ChangedGradient {
  static_assert(Optimizer<O>,
                "backfold: a wrapper takes an optimizer first: it needs check(), State and step()");

  O inner;

  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : inner(n), size(n) {}
    typename O::template State<S, N> inner;
    Index size;

    /// Values of the inner optimizer.
    template <class Function>
    void for_each_value(const Function& f) {
      inner.for_each_value(f);
    }
  };

  template <Real S, Index N, class Objective, class Ranges = OneRange>
  BACKFOLD_ALWAYS_INLINE double step(S* w, Objective&& objective, State<S, N>& state,
                                     const Ranges& ranges = {}) const {
    const Derived& self = static_cast<const Derived&>(*this);
    const auto changed = [&](const S* at, S* gradient) {
      double error;
      // Leave non-finite gradients alone; the inner step rejects them.
      if (!evaluate_finite<N>(objective, at, gradient, state.size, error, ranges)) return error;
      return error + self.change(at, gradient, state.size, ranges);
    };
    return step_in_ranges(inner, w, changed, state.inner, ranges);
  }
};

/// @throws std::invalid_argument unless there is one number for each of n parameters
inline void check_count_of(const char* name, Index count, Index n) {
  if (count != n) {
    fail_argument(name, ": expected ", n, " numbers, one for each parameter, got ", count);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
