// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/math.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Calls f(start, count) for strips of `Size` indices from 0 to n; the last may be shorter. Pass
/// N if n is known at compile time: branches that cannot run are then not instantiated.
template <int Size, Index N = Dynamic, class Function>
BACKFOLD_ALWAYS_INLINE void for_strips(Index n, Function&& f) {
  constexpr std::integral_constant<Index, Size> whole;
  if constexpr (N == Dynamic) {
    Index i = 0;
    for (; i + Size <= n; i += Size) f(i, whole);
    if (i < n) f(i, n - i);
  } else {
    constexpr Index rest = N % Size;
    if constexpr (N >= Size) {
      for (Index i = 0; i < N - rest; i += Size) f(i, whole);
    }
    if constexpr (rest > 0) f(N - rest, rest);
  }
}

namespace detail {

/// The product of two sizes, Dynamic if one of them is.
constexpr Index size_product(Index a, Index b) {
  return a == Dynamic || b == Dynamic ? Dynamic : a * b;
}

/// Loads a whole register if the count is a constant equal to its size, else its first `count`
/// lanes.
template <class V, class S, class Count>
BACKFOLD_ALWAYS_INLINE V load_strip(const S* from, Count count) {
  if constexpr (std::is_same_v<Count, std::integral_constant<Index, V::size>>) {
    return V::load(from);
  } else {
    return V::load(from, count);
  }
}
template <class V, class S, class Count>
BACKFOLD_ALWAYS_INLINE void store_strip(const V& v, S* to, Count count) {
  if constexpr (std::is_same_v<Count, std::integral_constant<Index, V::size>>) {
    v.store(to);
  } else {
    v.store(to, count);
  }
}

}  // namespace detail

/// y_i ← f(a_i, b_i, ...) for n numbers, with f a function of Lanes. y may be one of the sources.
/// The tail is padded to a full register, so a value does not depend on its place in the array.
/// Pass N if n is known at compile time.
template <Index N = Dynamic, Real S, class Function, class... Sources>
BACKFOLD_ALWAYS_INLINE void transform_into(S* y, Index n, const Function& f,
                                           const Sources*... sources) {
  using V = LanesFor<S, N>;
  for_strips<V::size, N>(n, [&](Index i, auto count) {
    detail::store_strip(f(detail::load_strip<V>(sources + i, count)...), y + i, count);
  });
}

BACKFOLD_END_NAMESPACE
