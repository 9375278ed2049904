// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "backfold/core/elementwise.hpp"
#include "backfold/core/kernel/tile.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Initial value of a product's accumulators: zero, a column of biases, or the output's present
/// values.
struct StartAtZero {};
template <Real S>
struct StartAtBias {
  const S* bias;
};
struct StartAtOutput {};

/// Initial value of the lanes at row i of column j.
template <class V, class Start, class S, class Count>
BACKFOLD_ALWAYS_INLINE V start_value(const Start& start, const S* y, Index i, Count count) {
  if constexpr (std::is_same_v<Start, StartAtZero>) {
    return V(0);
  } else if constexpr (std::is_same_v<Start, StartAtOutput>) {
    return load_strip<V>(y + i, count);
  } else {
    return load_strip<V>(start.bias + i, count);
  }
}

/// product + start
template <class V, class Start, class S, class Count>
BACKFOLD_ALWAYS_INLINE V plus_start(const V& product, const Start& start, const S* y, Index i,
                                    Count count) {
  if constexpr (std::is_same_v<Start, StartAtZero>) {
    return product;  // adding 0 would cost an instruction
  } else {
    return product + start_value<V>(start, y, i, count);
  }
}

template <Real S, class Start>
kernel::InitialValue<S> initial_value(const Start& start) {
  if constexpr (std::is_same_v<Start, StartAtBias<S>>) {
    return {start.bias, false};
  } else {
    return {nullptr, std::is_same_v<Start, StartAtOutput>};
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
