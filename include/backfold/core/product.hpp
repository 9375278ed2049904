// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/kernel/outer_product.hpp"

/// The one seam for products. Every product of a network goes through `affine`, `back`, `outer` or
/// `row_sums`, which choose a kernel by the sizes. None allocates: packed operands go into the
/// caller's scratch of product_scratch numbers.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Initial value of a product's accumulators: zero, a column of biases, or the output's present
/// values.
struct StartAtZero {};
template <Real S>
struct StartAtBias {
  const S* bias;
};
struct StartAtOutput {};

}  // namespace detail

/// The identity function.
struct Unchanged {
  template <class V>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& v) const {
    return v;
  }
};

namespace detail {

/// Upper bound on the scratch, in numbers, for products of an m × k matrix with a batch of n.
template <Real S>
constexpr Index product_scratch(Index m, Index k, Index n) {
  const Index forward = kernel::panel_scratch<S>(k, n);
  const Index back = kernel::panel_scratch<S>(m, n);
  const Index outer = kernel::outer_scratch<S>(m, k, n);
  return (std::max)((std::max)(forward, back), outer);
}

/// Initial value of the lanes at row i of column j.
template <class V, class Start, class S, class Count>
BACKFOLD_ALWAYS_INLINE V start_value(const Start& start, const S* y, Index i, Count count) {
  if constexpr (std::is_same_v<Start, StartAtZero>) {
    return V(0);
  } else if constexpr (std::is_same_v<Start, StartAtOutput>) {
    return load_run<V>(y + i, count);
  } else {
    return load_run<V>(start.bias + i, count);
  }
}

/// product + start
template <class V, class Start, class S, class Count>
BACKFOLD_ALWAYS_INLINE V started(const V& product, const Start& start, const S* y, Index i,
                                 Count count) {
  if constexpr (std::is_same_v<Start, StartAtZero>) {
    return product;  // adding 0 would cost an instruction
  } else {
    return product + start_value<V>(start, y, i, count);
  }
}

template <Real S, class Start>
kernel::TileStart<S> tile_start(const Start& start) {
  if constexpr (std::is_same_v<Start, StartAtBias<S>>) {
    return {start.bias, false};
  } else {
    return {nullptr, std::is_same_v<Start, StartAtOutput>};
  }
}

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
    return function(sum, load_run<V>(x, count));
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
    for_runs<native_width<S>>(rows, [&](Index i, auto count) {
      store_run(g(load_run<Lanes<S>>(y + i, count), x + i, count), y + i, count);
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

/// True if a matrix is a contiguous row. Branches for it are compiled only if `may_be_row`.
template <class M>
BACKFOLD_ALWAYS_INLINE bool is_contiguous_row(const M& matrix) {
  return matrix.rows() == 1 && matrix.outerStride() == 1;
}
template <class M>
inline constexpr bool may_be_row = M::RowsAtCompileTime == 1 || M::RowsAtCompileTime == Dynamic;

/// View with dynamic sizes.
template <class View>
auto plain(const View& view) {
  using T = std::remove_pointer_t<decltype(view.data())>;
  return MatrixView<T>(view.data(), view.rows(), view.cols(), view.outerStride());
}

/// True if sums of `terms` terms, a constant or Dynamic, may be long.
constexpr bool may_be_long(Index terms) { return terms == Dynamic || terms > longest_plain_sum; }

/// y ← start + W·x with long sums: compiled once.
template <Real S>
BACKFOLD_NO_INLINE void long_column(const ConstMatrixView<S>& w, const S* x, S* y,
                                    const kernel::TileStart<S>& start) {
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
      store_run(f(sum), to + i, count);
    } else {
      store_run(sum, to + i, count);
    }
  };
  if constexpr (may_be_row<W>) {
    if (is_contiguous_row(w) && !is_long) {
      constexpr std::integral_constant<Index, 1> one;
      const V product(kernel::dot<X::RowsAtCompileTime>(x.rows(), w.data(), x.data()));
      return store_run(f(started(product, start, to, 0, one)), to, one);
    }
  }
  if (is_long) {
    if constexpr (long_sums) long_column<S>(plain(w), x.data(), to, tile_start<S>(start));
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
                                     const MatrixView<S>& y, kernel::TileStart<S> start,
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
                            detail::tile_start<S>(start), detail::block_function(function, y),
                            scratch);
  }
}

/// One column of Wᵀ·D, inlined. g takes the sum and the entry of Xs; without Xs see `back`.
template <kernel::Operand Left, class W, class D, class Y, class Start, class G, class Xs>
BACKFOLD_ALWAYS_INLINE void back_column(const W& w, const D& d, const Y& y, const Start& start,
                                        const G& g, const Xs& x) {
  using S = typename Y::Scalar;
  using V = LanesFor<S, Y::RowsAtCompileTime>;
  S* const to = y.data();
  auto store = [&](Index i, auto count, const V& product) BACKFOLD_INLINE_LAMBDA {
    const V sum = started(product, start, to, i, count);
    store_run(g(sum, x.data() + i, count), to + i, count);
  };
  if constexpr (may_be_long(D::RowsAtCompileTime)) {
    if (d.rows() > longest_plain_sum) {
      if constexpr (Left == kernel::Operand::AsIs) {
        long_column<S>(plain(w), d.data(), to, tile_start<S>(start));
      } else {
        kernel::transposed_matrix_vector<S>(d.rows(), y.rows(), w.data(), w.outerStride(), d.data(),
                                            to, tile_start<S>(start));
      }
      return for_runs<V::size, Y::RowsAtCompileTime>(y.rows(), [&](Index i, auto count) {
        store_run(g(load_run<V>(to + i, count), x.data() + i, count), to + i, count);
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
        return for_runs<V::size, Y::RowsAtCompileTime>(y.rows(), [&](Index i, auto count) {
          store(i, count, load_run<V>(w.data() + i, count) * factor);
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
                                   const MatrixView<S>& y, const kernel::TileStart<S>& start,
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
    back_batch<Left, S>(plain(w), plain(d), plain(y), tile_start<S>(start), block_function(g, x),
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
  for_runs<V::size, D::RowsAtCompileTime>(d.rows(), [&](Index i, auto count) {
    const V rows = load_run<V>(d.data() + i, count);
    for (Index j = 0; j < k; ++j) store_run(rows * V(x.data()[j]), g.column(j) + i, count);
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
    for_runs<V::size>(n, [&](Index i, auto count) { total += load_run<V>(d.data() + i, count); });
    b[0] = sum(total);
    return;
  }
  for_runs<V::size>(d.rows(), [&](Index i, auto count) {
    V total = load_run<V>(d.data() + i, count);
    V other(0);
    Index j = 1;
    for (; j + 2 <= n; j += 2) {
      total += load_run<V>(d.column(j) + i, count);
      other += load_run<V>(d.column(j + 1) + i, count);
    }
    if (j < n) total += load_run<V>(d.column(j) + i, count);
    store_run(total + other, b + i, count);
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
