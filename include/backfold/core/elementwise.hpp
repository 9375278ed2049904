// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/math.hpp"
#include "backfold/core/types.hpp"

namespace backfold::inline BACKFOLD_ABI {

/// Calls f(start, count) for runs of `size` indices from 0 to n, the last run shorter.
template <int Size, class F>
BACKFOLD_ALWAYS_INLINE void for_runs(Index n, F&& f) {
  Index i = 0;
  for (; i + Size <= n; i += Size) f(i, std::integral_constant<Index, Size>{});
  if (i < n) f(i, n - i);
}

namespace detail {

/// A whole register where the count says so at compile time, else its first lanes.
template <class V, class S, class Count>
BACKFOLD_ALWAYS_INLINE V load_run(const S* from, Count count) {
  if constexpr (std::is_same_v<Count, Index>) {
    return V::load(from, count);
  } else {
    return V::load(from);
  }
}
template <class V, class S, class Count>
BACKFOLD_ALWAYS_INLINE void store_run(const V& v, S* to, Count count) {
  if constexpr (std::is_same_v<Count, Index>) {
    v.store(to, count);
  } else {
    v.store(to);
  }
}

}  // namespace detail

/// y_i ← f(a_i, b_i, ...) for n numbers, f a function of Lanes. y may be one of the sources. The
/// last numbers go through the same lanes as the others: a value does not depend on its place.
template <Real S, class F, class... Sources>
BACKFOLD_ALWAYS_INLINE void transform_into(S* y, Index n, const F& f, const Sources*... sources) {
  using V = Lanes<S>;
  for_runs<V::size>(n, [&](Index i, auto count) {
    detail::store_run(f(detail::load_run<V>(sources + i, count)...), y + i, count);
  });
}

}  // namespace backfold::inline BACKFOLD_ABI
