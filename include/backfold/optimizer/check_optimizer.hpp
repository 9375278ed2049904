// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
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

/// Ranges of a cache line each, the last first.
struct LineRanges {
  template <class Function>
  void for_each(Index n, const Function& f) const {
    constexpr Index line = 16;
    for (Index first = (n - 1) / line * line; first >= 0; first -= line) {
      f(first, (std::min)(line, n - first));
    }
  }
  template <class Function>
  bool all(Index n, const Function& f) const {
    bool result = true;
    for_each(n, [&](Index first, Index count) { result = f(first, count) && result; });
    return result;
  }
};

/// Steps in ranges have the same bits as steps of the whole vector.
template <Real S, class O>
void check_ranges(const O& optimizer, Report& report) {
  constexpr Index n = 3 * 16 + 2;
  S w[n] = {}, in_ranges[n] = {};
  auto state = start<S>(optimizer, n);
  auto state_in_ranges = state;
  auto objective = [&](const S* at, S* gradient) { return bowl(at, gradient, n); };
  for (int i = 0; i < 20; ++i) {
    optimizer.step(w, objective, state);
    optimizer.step(in_ranges, objective, state_in_ranges, LineRanges{});
  }
  for (Index i = 0; i < n; ++i) {
    report.expect(w[i] == in_ranges[i], "steps in ranges move parameter ", i, " to ", in_ranges[i],
                  ", steps of the whole vector to ", w[i]);
  }
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
/// parameters equally, and a step that is not finite changes neither parameters nor state. If it
/// takes ranges, its steps in ranges have the bits of its steps of the whole vector.
template <class O>
[[nodiscard]] Report check_optimizer(const O& optimizer) {
  Report report;
  detail::check_steps<float>(optimizer, report);
  detail::check_steps<double>(optimizer, report);
  if constexpr (detail::TakesRanges<O, detail::LineRanges>) {
    detail::check_ranges<float>(optimizer, report);
    detail::check_ranges<double>(optimizer, report);
  }
  return report;
}

BACKFOLD_END_NAMESPACE
