// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/kernel/outer_product.hpp"
#include "backfold/core/long_sum.hpp"
#include "backfold/core/product/operand.hpp"
#include "backfold/core/product/row_function.hpp"
#include "backfold/core/product/start.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The outer product of two columns, inlined.
template <class D, class X, class G>
BACKFOLD_ALWAYS_INLINE void outer_column(const D& d, const X& x, const G& g) {
  using S = typename G::Scalar;
  const Index k = x.rows();
  if constexpr (may_be_row<G>) {
    if (is_contiguous_row(g)) {
      const LanesFor<S, X::RowsAtCompileTime> factor(d.data()[0]);
      return transform_into<X::RowsAtCompileTime>(
          g.data(), k, [&](const auto& v) { return v * factor; }, x.data());
    }
  }
  using V = LanesFor<S, D::RowsAtCompileTime>;
  for_strips<V::size, D::RowsAtCompileTime>(d.rows(), [&](Index i, auto count) {
    const V rows = load_strip<V>(d.data() + i, count);
    for (Index j = 0; j < k; ++j) store_strip(rows * V(x.data()[j]), g.column(j) + i, count);
  });
}

template <Real S>
BACKFOLD_NO_INLINE void outer_batch(const ConstMatrixView<S>& d, const ConstMatrixView<S>& x,
                                    const MatrixView<S>& g, S* scratch) {
  const Index k = x.rows();
  const Index n = d.cols();
  if (n == 1) {
    outer_column(d, x, g);
  } else if (is_contiguous_row(g)) {
    kernel::matrix_vector(k, n, x.data(), x.outerStride(), d.data(), d.outerStride(), g.data(), {});
  } else {
    kernel::outer_product<S>(d.rows(), k, n, d.data(), d.outerStride(),
                             {x.data(), x.outerStride(), 1}, g.data(), g.outerStride(), scratch);
  }
}

/// G ← D·Xᵀ: D m × n, X k × n, G m × k.
template <class D, class X, class G, Real S>
BACKFOLD_ALWAYS_INLINE void outer(const D& d, const X& x, const G& g, [[maybe_unused]] S* scratch) {
  if constexpr (D::ColsAtCompileTime == 1) {
    detail::outer_column(d, x, g);
  } else {
    detail::outer_batch<S>(detail::plain(d), detail::plain(x), detail::plain(g), scratch);
  }
}

template <Real S>
BACKFOLD_NO_INLINE void row_sums_batch(const ConstMatrixView<S>& d, S* b) {
  using V = Lanes<S>;
  const Index n = d.cols();
  if (n > longest_plain_sum) {
    const Index run = is_contiguous_row(d) ? longest_run * V::size : longest_run;
    auto part = [=](Index row, Index rows, Index first, Index count, S* sums) {
      row_sums_batch<S>({d.column(first) + row, rows, count, d.outerStride()}, sums);
    };
    std::fill_n(b, d.rows(), S(0));
    return add_long_sums(d.rows(), n, run, b, part);
  }
  if (is_contiguous_row(d)) {
    V total(0);
    for_strips<V::size>(n,
                        [&](Index i, auto count) { total += load_strip<V>(d.data() + i, count); });
    b[0] = sum(total);
    return;
  }
  for_strips<V::size>(d.rows(), [&](Index i, auto count) {
    V total = load_strip<V>(d.data() + i, count);
    V other(0);
    Index j = 1;
    for (; j + 2 <= n; j += 2) {
      total += load_strip<V>(d.column(j) + i, count);
      other += load_strip<V>(d.column(j + 1) + i, count);
    }
    if (j < n) total += load_strip<V>(d.column(j) + i, count);
    store_strip(total + other, b + i, count);
  });
}

/// b ← Σ over the columns of D.
template <class D, Real S>
BACKFOLD_ALWAYS_INLINE void row_sums(const D& d, S* b) {
  if constexpr (D::ColsAtCompileTime == 1) {
    transform_into<D::RowsAtCompileTime>(b, d.rows(), Unchanged{}, d.data());
  } else {
    detail::row_sums_batch<S>(detail::plain(d), b);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
