// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"
#include "backfold/core/elementwise.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// x ← φ(net) for n columns. Pass N if units·n is known at compile time.
template <Index N, class Function, class S>
BACKFOLD_ALWAYS_INLINE void activate(const Function& function, const S* net, S* output, Index units,
                                     Index n) {
  if constexpr (ElementwiseActivation<Function>) {
    transform_into<N>(
        output, units * n, [&](const auto& v) { return function.value(v); }, net);
  } else {
    for (Index i = 0; i < units * n; ++i) output[i] = net[i];
    for (Index c = 0; c < n; ++c) (function.apply)(output + c * units, units);
  }
}

/// delta ← delta · φ'(net) for n columns. Pass N if units·n is known at compile time.
template <Index N, class Function, class S>
BACKFOLD_ALWAYS_INLINE void multiply_by_derivative(const Function& function,
                                                   [[maybe_unused]] const S* net, const S* output,
                                                   S* delta, Index units, Index n) {
  if constexpr (!ElementwiseActivation<Function>) {
    for (Index c = 0; c < n; ++c) {
      function.multiply_by_derivative(output + c * units, delta + c * units, units);
    }
  } else if constexpr (uses_net_input<Function>) {
    transform_into<N>(
        delta, units * n,
        [&](const auto& d, const auto& v, const auto& x) { return d * function.derivative(v, x); },
        delta, net, output);
  } else {
    transform_into<N>(
        delta, units * n, [&](const auto& d, const auto& x) { return d * function.derivative(x); },
        delta, output);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
