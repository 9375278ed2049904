// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <int First, int Step, class Function, int... Indices>
BACKFOLD_ALWAYS_INLINE constexpr void for_indices(Function& f,
                                                  std::integer_sequence<int, Indices...>) {
  (f(std::integral_constant<int, First + Step * Indices>{}), ...);
}

}  // namespace detail

/// Calls f(integral_constant<int, 0>), ..., f(integral_constant<int, Count - 1>) in this order.
template <int Count, class Function>
BACKFOLD_ALWAYS_INLINE constexpr void for_each_index(Function&& f) {
  if constexpr (Count == 1) {  // as most are: a second function would cost compile time
    f(std::integral_constant<int, 0>{});
  } else {
    detail::for_indices<0, 1>(f, std::make_integer_sequence<int, Count>{});
  }
}

/// Calls f(index) for the indices from the last to the first.
template <int Count, class Function>
BACKFOLD_ALWAYS_INLINE constexpr void for_each_index_reversed(Function&& f) {
  if constexpr (Count == 1) {
    f(std::integral_constant<int, 0>{});
  } else {
    detail::for_indices<Count - 1, -1>(f, std::make_integer_sequence<int, Count>{});
  }
}

BACKFOLD_END_NAMESPACE
