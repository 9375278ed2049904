// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

#include "backfold/core/report.hpp"
#include "backfold/optimizer/optimizer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// ½ Σ (w_i − k)²/(k + 1) with k = i mod 3, whose minimum is w_i = k.
template <Real S>
double bowl(const S* w, S* gradient, Index n) {
  double error = 0;
  for (Index i = 0; i < n; ++i) {
    const S away = w[i] - static_cast<S>(i % 3);
    gradient[i] = away / static_cast<S>(i % 3 + 1);
    error += 0.5 * static_cast<double>(away * gradient[i]);
  }
  return error;
}

template <Real S, class O>
void check_steps(const O& optimizer, Report& report) {
  constexpr Index n = 3 * native_width<S> + 2;
  S w[n] = {};
  auto state = start<S>(optimizer, n);
  auto objective = [&](const S* at, S* gradient) { return bowl(at, gradient, n); };
  const double first = optimizer.step(w, objective, state);
  double last = first;
  for (int i = 0; i < 300; ++i) last = optimizer.step(w, objective, state);
  report.expect(last < first, "300 steps down a bowl do not descend: from ", first, " to ", last);

  // Equal parameters with equal gradients stay equal, whatever their index.
  for (Index i = 3; i < n; ++i) {
    report.expect(w[i] == w[i % 3], "parameter ", i, " moved otherwise than ", i % 3,
                  ", with the same derivatives");
  }

  // A step that is not finite changes nothing: the following steps are as without it.
  auto other_state = state;
  S other[n];
  for (Index i = 0; i < n; ++i) other[i] = w[i];
  for (Index bad = 0; bad < n; ++bad) {
    const double e = optimizer.step(
        other,
        [&](const S* at, S* gradient) {
          const double error = bowl(at, gradient, n);
          gradient[bad] = std::numeric_limits<S>::quiet_NaN();
          return error;
        },
        other_state);
    report.expect(!is_finite(e), "a gradient with NaN at ", bad, " is not reported");
  }
  optimizer.step(w, objective, state);
  optimizer.step(other, objective, other_state);
  for (Index i = 0; i < n; ++i) {
    report.expect(other[i] == w[i], "a step that was not finite has left its mark on parameter ",
                  i);
  }
}

}  // namespace detail

/// Runs the library's checks on an optimizer, in float and double: it descends, treats equal
/// parameters equally, and a step that is not finite changes neither parameters nor state.
template <class O>
[[nodiscard]] Report check_optimizer(const O& optimizer) {
  Report report;
  detail::check_steps<float>(optimizer, report);
  detail::check_steps<double>(optimizer, report);
  return report;
}

BACKFOLD_END_NAMESPACE
