// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/packet.hpp"
#include "backfold/core/product.hpp"

namespace backfold::inline BACKFOLD_ABI {

namespace detail {

/// Calls f(row, lane count) for runs of lanes down `rows` rows.
template <Real S, class F>
BACKFOLD_ALWAYS_INLINE void for_rows(Index rows, F&& f) {
  for (Index i = 0; i < rows; i += Lanes<S>::size) {
    f(i, rows - i < Lanes<S>::size ? rows - i : Index{Lanes<S>::size});
  }
}

}  // namespace detail

/// Y ← f(start + u ∘ X), u one weight a row: the product of a diagonal connection.
template <class S, class X, class Y, class Start, class F>
void diagonal_affine(const S* u, const X& x, const Y& y, const Start& start, const F& f) {
  using V = Lanes<S>;
  for (Index c = 0; c < y.cols(); ++c) {
    detail::for_rows<S>(y.rows(), [&](Index i, Index count) {
      V sum(0);
      if constexpr (std::is_same_v<Start, FromOutput>) {
        sum = V::load(y.column(c) + i, count);
      } else if constexpr (!std::is_same_v<Start, FromZero>) {
        sum = V::load(start.bias + i, count);
      }
      sum = multiply_add(V::load(u + i, count), V::load(x.column(c) + i, count), sum);
      f(sum).store(y.column(c) + i, count);
    });
  }
}

/// g ← g + Σ over the columns of D ∘ X: the gradient of the weights of a diagonal connection.
template <class S, class D, class X>
void add_diagonal_outer(const D& d, const X& x, S* g) {
  using V = Lanes<S>;
  detail::for_rows<S>(d.rows(), [&](Index i, Index count) {
    V sum = V::load(g + i, count);
    for (Index c = 0; c < d.cols(); ++c) {
      sum = multiply_add(V::load(d.column(c) + i, count), V::load(x.column(c) + i, count), sum);
    }
    sum.store(g + i, count);
  });
}

}  // namespace backfold::inline BACKFOLD_ABI
