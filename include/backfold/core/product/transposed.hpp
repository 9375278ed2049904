// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "backfold/core/kernel/matrix_vector.hpp"
#include "backfold/core/kernel/panel.hpp"
#include "backfold/core/product/operand.hpp"
#include "backfold/core/product/row_function.hpp"
#include "backfold/core/product/start.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// One column of Wᵀ·D, inlined. g takes the sum and the entry of Xs; without Xs see `back`.
template <kernel::Operand Left, class W, class D, class Y, class Start, class G, class Xs>
BACKFOLD_ALWAYS_INLINE void back_column(const W& w, const D& d, const Y& y, const Start& start,
                                        const G& g, const Xs& x) {
  using S = typename Y::Scalar;
  using V = LanesFor<S, Y::RowsAtCompileTime>;
  S* const to = y.data();
  auto store = [&](Index i, auto count, const V& product) BACKFOLD_INLINE_LAMBDA {
    const V sum = plus_start(product, start, to, i, count);
    store_strip(g(sum, x.data() + i, count), to + i, count);
  };
  if constexpr (may_be_long(D::RowsAtCompileTime)) {
    if (d.rows() > longest_plain_sum) {
      if constexpr (Left == kernel::Operand::AsIs) {
        long_column<S>(plain(w), d.data(), to, initial_value<S>(start));
      } else {
        kernel::transposed_matrix_vector<S>(d.rows(), y.rows(), w.data(), w.outerStride(), d.data(),
                                            to, initial_value<S>(start));
      }
      return for_strips<V::size, Y::RowsAtCompileTime>(y.rows(), [&](Index i, auto count) {
        store_strip(g(load_strip<V>(to + i, count), x.data() + i, count), to + i, count);
      });
    }
  }
  if constexpr (Left == kernel::Operand::AsIs) {
    kernel::matrix_times_vector<V, Y::RowsAtCompileTime, D::RowsAtCompileTime>(
        y.rows(), d.rows(), w.data(), w.outerStride(), d.data(), 1,
        [](Index, auto) BACKFOLD_INLINE_LAMBDA { return V(0); }, store);
  } else {
    if constexpr (may_be_row<W>) {
      if (is_contiguous_row(w)) {
        const V factor(d.data()[0]);
        return for_strips<V::size, Y::RowsAtCompileTime>(y.rows(), [&](Index i, auto count) {
          store(i, count, load_strip<V>(w.data() + i, count) * factor);
        });
      }
    }
    kernel::transposed_times_vector<V, D::RowsAtCompileTime, Y::RowsAtCompileTime>(
        d.rows(), y.rows(), w.data(), w.outerStride(), d.data(), store);
  }
}

/// Any number of columns: compiled once.
template <kernel::Operand Left, Real S>
BACKFOLD_NO_INLINE void back_batch(const ConstMatrixView<S>& w, const ConstMatrixView<S>& d,
                                   const MatrixView<S>& y, const kernel::InitialValue<S>& start,
                                   const kernel::BlockFunction<S>& finish, S* scratch) {
  const Index n = y.cols();
  const kernel::Strided<S> columns{d.data(), 1, d.outerStride()};
  if (Left == kernel::Operand::AsIs || is_contiguous_row(w)) {
    // A single row has the layout of a column.
    const Index stride = Left == kernel::Operand::AsIs ? w.outerStride() : y.rows();
    kernel::product<kernel::Operand::AsIs>(y.rows(), n, d.rows(), w.data(), stride, columns,
                                           y.data(), y.outerStride(), start, scratch, finish);
  } else {
    kernel::product<kernel::Operand::Transposed>(y.rows(), n, d.rows(), w.data(), w.outerStride(),
                                                 columns, y.data(), y.outerStride(), start, scratch,
                                                 finish);
  }
}

template <kernel::Operand Left, class W, class D, class Y, class Start, class G, class Xs, Real S>
BACKFOLD_ALWAYS_INLINE void back_any(const W& w, const D& d, const Y& y, const Start& start,
                                     const G& g, const Xs& x, [[maybe_unused]] S* scratch) {
  if constexpr (Y::ColsAtCompileTime == 1) {
    back_column<Left>(w, d, y, start, g, x);
  } else {
    back_batch<Left, S>(plain(w), plain(d), plain(y), initial_value<S>(start), block_function(g, x),
                        scratch);
  }
}

/// Wᵀ, transposed once in memory because it is used often.
template <class View>
struct AlreadyTransposed {
  View view;
};
template <class View>
AlreadyTransposed(View) -> AlreadyTransposed<View>;  // clang 16 needs the guide

/// Writes Wᵀ to memory, with columns `stride` apart. @pre stride is a multiple of the register
/// width
template <class W, Real S>
void transpose(const W& w, S* to, Index stride) {
  kernel::pack_transposed<S>(w.cols(), w.rows(), w.data(), w.outerStride(), to, stride);
}

/// Y ← start + Wᵀ·D: W m × k (or AlreadyTransposed), D m × n, Y k × n.
template <class W, class D, class Y, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void back(const W& w, const D& d, const Y& y, const Start& start,
                                 S* scratch) {
  detail::back_any<kernel::Operand::Transposed>(w, d, y, start, detail::OfSum<Unchanged>{}, y,
                                                scratch);
}
template <class View, class D, class Y, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void back(const AlreadyTransposed<View>& w, const D& d, const Y& y,
                                 const Start& start, S* scratch) {
  detail::back_any<kernel::Operand::AsIs>(w.view, d, y, start, detail::OfSum<Unchanged>{}, y,
                                          scratch);
}

/// Y ← g(start + Wᵀ·D, x): g a function of two Lanes, x the same entry of a k × n matrix of
/// outputs.
template <class W, class D, class Y, class Start, class G, class Xs, Real S>
BACKFOLD_ALWAYS_INLINE void back(const W& w, const D& d, const Y& y, const Start& start, const G& g,
                                 const Xs& x, S* scratch) {
  detail::back_any<kernel::Operand::Transposed>(w, d, y, start, detail::OfSumAndEntry<G>{g}, x,
                                                scratch);
}
template <class View, class D, class Y, class Start, class G, class Xs, Real S>
BACKFOLD_ALWAYS_INLINE void back(const AlreadyTransposed<View>& w, const D& d, const Y& y,
                                 const Start& start, const G& g, const Xs& x, S* scratch) {
  detail::back_any<kernel::Operand::AsIs>(w.view, d, y, start, detail::OfSumAndEntry<G>{g}, x,
                                          scratch);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
