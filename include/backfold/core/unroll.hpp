// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "backfold/core/config.hpp"

namespace backfold::inline BACKFOLD_ABI {

namespace detail {

template <class F, int... I>
BACKFOLD_ALWAYS_INLINE constexpr void for_indices(F& f, std::integer_sequence<int, I...>) {
  (f(std::integral_constant<int, I>{}), ...);
}

}  // namespace detail

/// Calls f(integral_constant<int, 0>), ..., f(integral_constant<int, Count - 1>) in this order.
template <int Count, class F>
BACKFOLD_ALWAYS_INLINE constexpr void for_each_index(F&& f) {
  detail::for_indices(f, std::make_integer_sequence<int, Count>{});
}

/// The same from the last to the first.
template <int Count, class F>
BACKFOLD_ALWAYS_INLINE constexpr void for_each_index_reversed(F&& f) {
  for_each_index<Count>([&](auto i) { f(std::integral_constant<int, Count - 1 - i()>{}); });
}

}  // namespace backfold::inline BACKFOLD_ABI
