// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "backfold/core/elementwise.hpp"
#include "backfold/core/kernel/panel.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The identity function.
struct Unchanged {
  template <class V>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& v) const {
    return v;
  }
};

namespace detail {

/// Adapts a function of Lanes to take a sum and a pointer to further entries, which it ignores.
template <class Function>
struct OfSum {
  Function function;
  template <class V, class S, class Count>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& sum, const S*, Count) const {
    return function(sum);
  }
};
/// Adapts a function of two Lanes: the second is loaded from the pointer.
template <class G>
struct OfSumAndEntry {
  G function;
  template <class V, class S, class Count>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& sum, const S* x, Count count) const {
    return function(sum, load_strip<V>(x, count));
  }
};

/// y ← g(y, x) for a block of rows of n columns. Contiguous columns are one run, since masked
/// stores defeat store-to-load forwarding.
template <class G, Real S>
void apply_to_block(const void* function, Index rows, Index n, S* y, Index ldy, const S* x,
                    Index ldx) {
  const G g = *static_cast<const G*>(function);  // a copy: y cannot overwrite its settings
  if (rows == ldy && rows == ldx) {
    rows *= n;
    n = 1;
  }
  for (Index j = 0; j < n; ++j, y += ldy, x += ldx) {
    for_strips<native_width<S>>(rows, [&](Index i, auto count) {
      store_strip(g(load_strip<Lanes<S>>(y + i, count), x + i, count), y + i, count);
    });
  }
}

/// Type-erases the function applied to finished rows, so that the product itself is compiled once
/// per scalar.
template <class G, class Xs>
auto block_function(const G& g, const Xs& x) {
  using S = typename Xs::Scalar;
  if constexpr (std::is_same_v<G, OfSum<Unchanged>>) {
    return kernel::BlockFunction<S>{};
  } else {
    return kernel::BlockFunction<S>{&g, apply_to_block<G, S>, x.data(), x.outerStride()};
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
