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

/// y ← start + W·x with long sums: compiled once.
template <Real S>
BACKFOLD_NO_INLINE void long_column(const ConstMatrixView<S>& w, const S* x, S* y,
                                    const kernel::InitialValue<S>& start) {
  if (is_contiguous_row(w)) {
    kernel::transposed_matrix_vector(w.cols(), Index{1}, w.data(), w.cols(), x, y, start);
  } else {
    kernel::matrix_vector(w.rows(), w.cols(), w.data(), w.outerStride(), x, Index{1}, y, start);
  }
}

/// One column: inlined, so that static sizes reach the kernel.
template <class W, class X, class Y, class Start, class Function>
BACKFOLD_ALWAYS_INLINE void affine_column(const W& w, const X& x, const Y& y, const Start& start,
                                          const Function& f) {
  using S = typename Y::Scalar;
  using V = LanesFor<S, Y::RowsAtCompileTime>;
  S* const to = y.data();
  // A sum with several exits applies f in a second pass, which instantiates f once and not at each.
  constexpr bool long_sums = may_be_long(X::RowsAtCompileTime);
  constexpr bool at_once =
      (Y::RowsAtCompileTime != Dynamic && !long_sums) || std::is_same_v<Function, Unchanged>;
  const bool is_long = long_sums && x.rows() > longest_plain_sum;
  auto finish = [&](Index i, auto count, const V& sum) BACKFOLD_INLINE_LAMBDA {
    if constexpr (at_once) {
      store_strip(f(sum), to + i, count);
    } else {
      store_strip(sum, to + i, count);
    }
  };
  if constexpr (may_be_row<W>) {
    if (is_contiguous_row(w) && !is_long) {
      constexpr std::integral_constant<Index, 1> one;
      const V product(kernel::dot<X::RowsAtCompileTime>(x.rows(), w.data(), x.data()));
      return store_strip(f(plus_start(product, start, to, 0, one)), to, one);
    }
  }
  if (is_long) {
    if constexpr (long_sums) long_column<S>(plain(w), x.data(), to, initial_value<S>(start));
  } else {
    kernel::matrix_times_vector<V, Y::RowsAtCompileTime, X::RowsAtCompileTime>(
        y.rows(), x.rows(), w.data(), w.outerStride(), x.data(), 1,
        [&](Index i, auto count) { return start_value<V>(start, to, i, count); }, finish);
  }
  if constexpr (!at_once) transform_into(to, y.rows(), f, to);
}

/// Any number of columns: compiled once. Views are passed by reference: a copy on the stack is
/// written member by member and read as a whole, which defeats store-to-load forwarding.
template <Real S>
BACKFOLD_NO_INLINE void affine_batch(const ConstMatrixView<S>& w, const ConstMatrixView<S>& x,
                                     const MatrixView<S>& y, kernel::InitialValue<S> start,
                                     const kernel::BlockFunction<S>& finish, S* scratch) {
  if (is_contiguous_row(w) && y.outerStride() == 1) {
    // One output: dot products with the columns of X; the accumulators start from the one bias.
    if (start.bias != nullptr) {
      std::fill_n(y.data(), y.cols(), *start.bias);
      start = {nullptr, true};
    }
    kernel::transposed_matrix_vector(x.rows(), y.cols(), x.data(), x.outerStride(), w.data(),
                                     y.data(), start);
    return finish(0, 1, y.cols(), y.data(), 1);
  }
  kernel::product<kernel::Operand::AsIs>(y.rows(), y.cols(), x.rows(), w.data(), w.outerStride(),
                                         {x.data(), 1, x.outerStride()}, y.data(), y.outerStride(),
                                         start, scratch, finish);
}

/// Y ← f(start + W·X): W m × k, X k × n, Y m × n. f is a function of Lanes, or Unchanged.
template <class W, class X, class Y, class Start, class Function, Real S>
BACKFOLD_ALWAYS_INLINE void affine(const W& w, const X& x, const Y& y, const Start& start,
                                   const Function& f, [[maybe_unused]] S* scratch) {
  if constexpr (Y::ColsAtCompileTime == 1) {
    detail::affine_column(w, x, y, start, f);
  } else {
    const detail::OfSum<Function> function{f};
    detail::affine_batch<S>(detail::plain(w), detail::plain(x), detail::plain(y),
                            detail::initial_value<S>(start), detail::block_function(function, y),
                            scratch);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
