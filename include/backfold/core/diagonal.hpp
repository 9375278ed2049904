// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/packet.hpp"
#include "backfold/core/product.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Weights of an identity connection: all 1.
struct AllOnes {
  template <class V, class Count>
  static V run(Index, Count) {
    return V(1);
  }
};

/// Weights of a diagonal connection: one for each row.
template <class S>
struct DiagonalOf {
  const S* u;
  template <class V, class Count>
  [[nodiscard]] V run(Index i, Count count) const {
    return detail::load_strip<V>(u + i, count);
  }
};

/// Y ← f(start + u ∘ X), u one weight per row: the product of a one-to-one connection.
template <class U, class X, class Y, class Start, class Function>
requires(!std::is_pointer_v<U>) void diagonal_affine(const U& u, const X& x, const Y& y,
                                                     const Start& start, const Function& f) {
  using S = typename Y::Scalar;
  using V = LanesFor<S, Y::RowsAtCompileTime>;
  for_strips<V::size>(y.rows(), [&](Index i, auto count) {
    const V weight = u.template run<V>(i, count);
    for (Index c = 0; c < y.cols(); ++c) {
      const V from = detail::load_strip<V>(x.column(c) + i, count);
      S* const to = y.column(c) + i;
      if constexpr (std::is_same_v<Start, StartAtZero>) {
        detail::store_strip(f(weight * from), to, count);
      } else {
        const V first = detail::start_value<V>(start, y.column(c), i, count);
        detail::store_strip(f(multiply_add(weight, from, first)), to, count);
      }
    }
  });
}
template <Real S, class X, class Y, class Start, class Function>
void diagonal_affine(const S* u, const X& x, const Y& y, const Start& start, const Function& f) {
  diagonal_affine(DiagonalOf<S>{u}, x, y, start, f);
}

/// `add_diagonal_outer` for long sums, not inlined: compiled once.
template <Real S>
BACKFOLD_NO_INLINE void long_diagonal_outer(ConstMatrixView<S> d, ConstMatrixView<S> x, S* g);

/// g ← g + Σ over the columns of D ∘ X: the gradient of the weights of a diagonal connection.
template <class S, class D, class X>
void add_diagonal_outer(const D& d, const X& x, S* g) {
  using V = LanesFor<S, D::RowsAtCompileTime>;
  if constexpr (detail::may_be_long(D::ColsAtCompileTime)) {
    if (d.cols() > detail::longest_plain_sum) {
      return detail::long_diagonal_outer<S>(detail::plain(d), detail::plain(x), g);
    }
  }
  for_strips<V::size>(d.rows(), [&](Index i, auto count) {
    V sum = detail::load_strip<V>(g + i, count);
    for (Index c = 0; c < d.cols(); ++c) {
      sum = multiply_add(detail::load_strip<V>(d.column(c) + i, count),
                         detail::load_strip<V>(x.column(c) + i, count), sum);
    }
    detail::store_strip(sum, g + i, count);
  });
}

template <Real S>
void long_diagonal_outer(ConstMatrixView<S> d, ConstMatrixView<S> x, S* g) {
  auto part = [=](Index row, Index rows, Index first, Index count, S* sums) {
    std::fill_n(sums, rows, S(0));
    add_diagonal_outer(ConstMatrixView<S>(d.column(first) + row, rows, count, d.outerStride()),
                       ConstMatrixView<S>(x.column(first) + row, rows, count, x.outerStride()),
                       sums);
  };
  add_long_sums(d.rows(), d.cols(), longest_run, g, part);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
