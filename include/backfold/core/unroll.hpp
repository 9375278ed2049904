// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class Function, int... Indices>
BACKFOLD_ALWAYS_INLINE constexpr void for_indices(Function& f,
                                                  std::integer_sequence<int, Indices...>) {
  (f(std::integral_constant<int, Indices>{}), ...);
}

}  // namespace detail

/// Calls f(integral_constant<int, 0>), ..., f(integral_constant<int, Count - 1>) in this order.
template <int Count, class Function>
BACKFOLD_ALWAYS_INLINE constexpr void for_each_index(Function&& f) {
  detail::for_indices(f, std::make_integer_sequence<int, Count>{});
}

/// Calls f(index) for the indices from the last to the first.
template <int Count, class Function>
BACKFOLD_ALWAYS_INLINE constexpr void for_each_index_reversed(Function&& f) {
  for_each_index<Count>([&](auto i) { f(std::integral_constant<int, Count - 1 - i()>{}); });
}

BACKFOLD_END_NAMESPACE
