// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A layer whose `Resized` gives the layer's own type. A derived layer that inherits `Resized` has
/// that of its base, which may compute something else.
template <class L>
concept HasOwnResized =
    std::same_as<typename L::template Resized<Index{L::units_at_compile_time}>, L>;

/// True if two layers have equal types, sizes aside.
template <class A, class B>
constexpr bool same_but_for_size() {
  if constexpr (std::same_as<A, B>) {
    return true;
  } else if constexpr (HasOwnResized<A> && HasOwnResized<B>) {
    return std::same_as<typename A::template Resized<1>, typename B::template Resized<1>>;
  } else {
    return false;
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
