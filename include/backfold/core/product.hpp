// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/kernel/panel.hpp"

/// The one seam for products. All that a network multiplies goes through `affine`, `back`, `outer`
/// and `row_sums`; which kernel does it is chosen here, by sizes. None allocates: what they need to
/// rearrange goes into the caller's scratch of product_scratch numbers.

namespace backfold::inline BACKFOLD_ABI {

/// What a product is added to: nothing, a column of biases, or what the output holds.
struct FromZero {};
template <Real S>
struct FromBias {
  const S* bias;
};
struct FromOutput {};

/// The function that changes nothing.
struct Identity {
  template <class V>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& v) const {
    return v;
  }
};

/// How many numbers of scratch the products of an m × k matrix with a batch of n need at most.
template <Real S>
constexpr Index product_scratch(Index m, Index k, Index n) {
  const Index longest = std::max(std::max(m, k), n);
  return kernel::panel_rows<S> * std::min(longest, kernel::panel_depth);
}

namespace detail {

/// start at row i of column j, for lanes.
template <class V, class Start, class S, class Count>
BACKFOLD_ALWAYS_INLINE V start_value(const Start& start, const S* y, Index i, Count count) {
  if constexpr (std::is_same_v<Start, FromZero>) {
    return V(0);
  } else if constexpr (std::is_same_v<Start, FromOutput>) {
    return load_run<V>(y + i, count);
  } else {
    return load_run<V>(start.bias + i, count);
  }
}

/// product + start
template <class V, class Start, class S, class Count>
BACKFOLD_ALWAYS_INLINE V started(const V& product, const Start& start, const S* y, Index i,
                                 Count count) {
  if constexpr (std::is_same_v<Start, FromZero>) {
    return product;  // adding 0 costs what adding a number costs
  } else {
    return product + start_value<V>(start, y, i, count);
  }
}

template <Real S, class Start>
kernel::TileStart<S> tile_start(const Start& start) {
  if constexpr (std::is_same_v<Start, FromBias<S>>) {
    return {start.bias, false};
  } else {
    return {nullptr, std::is_same_v<Start, FromOutput>};
  }
}

/// Calls f(to, from, count) for runs of lanes of a block of rows of Y, and of X of its shape.
/// Columns that touch are one run, since a masked store delays the load behind it.
template <Real S, class F>
BACKFOLD_ALWAYS_INLINE void for_block(Index rows, Index n, S* y, Index ldy, const S* x, Index ldx,
                                      const F& f) {
  if (rows == ldy && rows == ldx) {
    rows *= n;
    n = 1;
  }
  for (Index j = 0; j < n; ++j) {
    for_runs<native_width<S>>(
        rows, [&](Index i, auto count) { f(y + j * ldy + i, x + j * ldx + i, count); });
  }
}

}  // namespace detail

namespace detail {

/// One column: inlined, with whatever sizes are constants.
template <class W, class X, class Y, class Start, class F>
BACKFOLD_ALWAYS_INLINE void affine_column(const W& w, const X& x, const Y& y, const Start& start,
                                          const F& f) {
  using S = typename Y::Scalar;
  using V = LanesFor<S, Y::RowsAtCompileTime>;
  S* const to = y.data();
  auto finish = [&](Index i, auto count, const V& sum) { store_run(f(sum), to + i, count); };
  if (y.rows() == 1 && w.outerStride() == 1) {
    constexpr std::integral_constant<Index, 1> one;
    const V product(kernel::dot<X::RowsAtCompileTime>(x.rows(), w.data(), x.data()));
    finish(0, one, started(product, start, to, 0, one));
  } else {
    kernel::matrix_times_vector<V, Y::RowsAtCompileTime>(
        y.rows(), x.rows(), w.data(), w.outerStride(), x.data(), 1,
        [&](Index i, auto count) { return start_value<V>(start, to, i, count); }, finish);
  }
}

/// Any number of columns: compiled once for each activation, not for each layer.
template <Real S, class Start, class F>
BACKFOLD_NO_INLINE void affine_batch(ConstMatrixView<S> w, ConstMatrixView<S> x, MatrixView<S> y,
                                     Start start, F f, S* scratch) {
  auto finish = [&](Index row, Index rows) {
    if constexpr (!std::is_same_v<F, Identity>) {
      S* const to = y.data() + row;
      const Index stride = y.outerStride();
      for_block<S>(rows, y.cols(), to, stride, to, stride, [&](S* at, const S*, auto count) {
        store_run(f(load_run<Lanes<S>>(at, count)), at, count);
      });
    }
  };
  kernel::TileStart<S> first = tile_start<S>(start);
  if (y.rows() == 1 && w.outerStride() == 1 && y.outerStride() == 1) {
    // One output: dot products with the columns of X, started from its one bias.
    if (first.bias != nullptr) {
      std::fill_n(y.data(), y.cols(), *first.bias);
      first = {nullptr, true};
    }
    kernel::transposed_matrix_vector(x.rows(), y.cols(), x.data(), x.outerStride(), w.data(),
                                     y.data(), first);
    return finish(0, 1);
  }
  kernel::product<kernel::Source::AsIs>(y.rows(), y.cols(), x.rows(), w.data(), w.outerStride(),
                                        {x.data(), 1, x.outerStride()}, y.data(), y.outerStride(),
                                        first, scratch, finish);
}

/// The same view without its constants.
template <class View>
auto plain(const View& view) {
  using T = std::remove_pointer_t<decltype(view.data())>;
  return MatrixView<T>(view.data(), view.rows(), view.cols(), view.outerStride());
}

}  // namespace detail

/// Y ← f(start + W·X): W m × k, X k × n, Y m × n. f is a function of Lanes, or Identity.
template <class W, class X, class Y, class Start, class F, Real S>
BACKFOLD_ALWAYS_INLINE void affine(const W& w, const X& x, const Y& y, const Start& start,
                                   const F& f, [[maybe_unused]] S* scratch) {
  if constexpr (Y::ColsAtCompileTime == 1) {
    detail::affine_column(w, x, y, start, f);
  } else {
    detail::affine_batch<S, Start, F>(detail::plain(w), detail::plain(x), detail::plain(y), start,
                                      f, scratch);
  }
}

namespace detail {

/// One column of Wᵀ·D, inlined. g is given the sum and the entry of Xs; without Xs see `back`.
template <kernel::Source From, class W, class D, class Y, class Start, class G, class Xs>
BACKFOLD_ALWAYS_INLINE void back_column(const W& w, const D& d, const Y& y, const Start& start,
                                        const G& g, const Xs& x) {
  using S = typename Y::Scalar;
  using V = LanesFor<S, Y::RowsAtCompileTime>;
  S* const to = y.data();
  auto store = [&](Index i, auto count, const V& product) BACKFOLD_INLINE_LAMBDA {
    const V sum = started(product, start, to, i, count);
    store_run(g(sum, x.data() + i, count), to + i, count);
  };
  if constexpr (From == kernel::Source::AsIs) {
    kernel::matrix_times_vector<V, Y::RowsAtCompileTime>(
        y.rows(), d.rows(), w.data(), w.outerStride(), d.data(), 1,
        [](Index, auto) BACKFOLD_INLINE_LAMBDA { return V(0); }, store);
  } else if (d.rows() == 1 && w.outerStride() == 1) {
    const V factor(d.data()[0]);
    for_runs<V::size>(y.rows(), [&](Index i, auto count) {
      store(i, count, load_run<V>(w.data() + i, count) * factor);
    });
  } else {
    kernel::transposed_times_vector<V>(d.rows(), y.rows(), w.data(), w.outerStride(), d.data(),
                                       store);
  }
}

/// Any number of columns: compiled once for each activation.
template <kernel::Source From, Real S, class Start, class G>
BACKFOLD_NO_INLINE void back_batch(ConstMatrixView<S> w, ConstMatrixView<S> d, MatrixView<S> y,
                                   Start start, G g, ConstMatrixView<S> x, S* scratch) {
  const Index n = y.cols();
  auto finish = [&](Index row, Index rows) {
    if constexpr (!G::is_identity) {
      for_block<S>(rows, n, y.data() + row, y.outerStride(), x.data() + row, x.outerStride(),
                   [&](S* at, const S* from, auto count) {
                     store_run(g(load_run<Lanes<S>>(at, count), from, count), at, count);
                   });
    }
  };
  const kernel::Strided<S> columns{d.data(), 1, d.outerStride()};
  const auto first = tile_start<S>(start);
  if (From == kernel::Source::AsIs || (d.rows() == 1 && w.outerStride() == 1)) {
    // One row is a column as it stands.
    const Index stride = From == kernel::Source::AsIs ? w.outerStride() : y.rows();
    kernel::product<kernel::Source::AsIs>(y.rows(), n, d.rows(), w.data(), stride, columns,
                                          y.data(), y.outerStride(), first, scratch, finish);
  } else {
    kernel::product<kernel::Source::Transposed>(y.rows(), n, d.rows(), w.data(), w.outerStride(),
                                                columns, y.data(), y.outerStride(), first, scratch,
                                                finish);
  }
}

/// g of a sum and the entry of Xs, from a function of two Lanes.
template <class G>
struct WithEntry {
  static constexpr bool is_identity = false;
  G g;
  template <class V, class S, class Count>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& sum, const S* x, Count count) const {
    return g(sum, load_run<V>(x, count));
  }
};
struct SumAlone {
  static constexpr bool is_identity = true;
  template <class V, class S, class Count>
  BACKFOLD_ALWAYS_INLINE V operator()(const V& sum, const S*, Count) const {
    return sum;
  }
};

template <kernel::Source From, class W, class D, class Y, class Start, class G, class Xs, Real S>
BACKFOLD_ALWAYS_INLINE void back_any(const W& w, const D& d, const Y& y, const Start& start,
                                     const G& g, const Xs& x, [[maybe_unused]] S* scratch) {
  if constexpr (Y::ColsAtCompileTime == 1) {
    back_column<From>(w, d, y, start, g, x);
  } else {
    back_batch<From, S, Start, G>(plain(w), plain(d), plain(y), start, g, plain(x), scratch);
  }
}

}  // namespace detail

/// Wᵀ as it stands in memory, where it is used so often that it has been transposed once.
template <class View>
struct AlreadyTransposed {
  View view;
};
template <class View>
AlreadyTransposed(View) -> AlreadyTransposed<View>;  // clang 16 deduces it no other way

/// Wᵀ into memory, its columns `stride` apart. @pre stride a multiple of the machine's registers
template <class W, Real S>
void transpose(const W& w, S* to, Index stride) {
  kernel::pack_transposed<S>(w.cols(), w.rows(), w.data(), w.outerStride(), to, stride);
}

/// Y ← start + Wᵀ·D: W m × k (or AlreadyTransposed), D m × n, Y k × n.
template <class W, class D, class Y, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void back(const W& w, const D& d, const Y& y, const Start& start,
                                 S* scratch) {
  detail::back_any<kernel::Source::Transposed>(w, d, y, start, detail::SumAlone{}, y, scratch);
}
template <class View, class D, class Y, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void back(const AlreadyTransposed<View>& w, const D& d, const Y& y,
                                 const Start& start, S* scratch) {
  detail::back_any<kernel::Source::AsIs>(w.view, d, y, start, detail::SumAlone{}, y, scratch);
}

/// Y ← g(start + Wᵀ·D, x): g a function of two Lanes, x the same entry of a k × n matrix of
/// outputs.
template <class W, class D, class Y, class Start, class G, class Xs, Real S>
BACKFOLD_ALWAYS_INLINE void back(const W& w, const D& d, const Y& y, const Start& start, const G& g,
                                 const Xs& x, S* scratch) {
  detail::back_any<kernel::Source::Transposed>(w, d, y, start, detail::WithEntry<G>{g}, x, scratch);
}
template <class View, class D, class Y, class Start, class G, class Xs, Real S>
BACKFOLD_ALWAYS_INLINE void back(const AlreadyTransposed<View>& w, const D& d, const Y& y,
                                 const Start& start, const G& g, const Xs& x, S* scratch) {
  detail::back_any<kernel::Source::AsIs>(w.view, d, y, start, detail::WithEntry<G>{g}, x, scratch);
}

namespace detail {

/// The outer product of two columns, inlined.
template <class D, class X, class G, class Start>
BACKFOLD_ALWAYS_INLINE void outer_column(const D& d, const X& x, const G& g, const Start& start) {
  using S = typename G::Scalar;
  const Index k = x.rows();
  if (d.rows() == 1 && g.outerStride() == 1) {
    using V = LanesFor<S, X::RowsAtCompileTime>;
    const V factor(d.data()[0]);
    for_runs<V::size>(k, [&](Index i, auto count) {
      const V product = load_run<V>(x.data() + i, count) * factor;
      store_run(started(product, start, g.data(), i, count), g.data() + i, count);
    });
    return;
  }
  using V = LanesFor<S, D::RowsAtCompileTime>;
  for_runs<V::size>(d.rows(), [&](Index i, auto count) {
    const V rows = load_run<V>(d.data() + i, count);
    for (Index j = 0; j < k; ++j) {
      const V product = rows * V(x.data()[j]);
      store_run(started(product, start, g.column(j), i, count), g.column(j) + i, count);
    }
  });
}

template <Real S, class Start>
BACKFOLD_NO_INLINE void outer_batch(ConstMatrixView<S> d, ConstMatrixView<S> x, MatrixView<S> g,
                                    Start start, S* scratch) {
  const Index k = x.rows();
  const Index n = d.cols();
  const auto first = tile_start<S>(start);
  if (n == 1) {
    outer_column(d, x, g, start);
  } else if (d.rows() == 1 && g.outerStride() == 1) {
    kernel::matrix_vector(k, n, x.data(), x.outerStride(), d.data(), d.outerStride(), g.data(),
                          first);
  } else {
    kernel::product<kernel::Source::AsIs>(d.rows(), k, n, d.data(), d.outerStride(),
                                          {x.data(), x.outerStride(), 1}, g.data(), g.outerStride(),
                                          first, scratch, [](Index, Index) {});
  }
}

}  // namespace detail

/// G ← start + D·Xᵀ: D m × n, X k × n, G m × k.
template <class D, class X, class G, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void outer(const D& d, const X& x, const G& g, const Start& start,
                                  [[maybe_unused]] S* scratch) {
  static_assert(!std::is_same_v<Start, FromBias<S>>);
  if constexpr (D::ColsAtCompileTime == 1) {
    detail::outer_column(d, x, g, start);
  } else {
    detail::outer_batch<S, Start>(detail::plain(d), detail::plain(x), detail::plain(g), start,
                                  scratch);
  }
}

/// b ← start + Σ over the columns of D.
template <class D, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void row_sums(const D& d, S* b, const Start& start) {
  const Index m = d.rows();
  const Index n = d.cols();
  if (m == 1 && d.outerStride() == 1 && D::ColsAtCompileTime != 1) {
    using V = Lanes<S>;
    V total(0);
    for_runs<V::size>(
        n, [&](Index i, auto count) { total += detail::load_run<V>(d.data() + i, count); });
    detail::started(V(sum(total)), start, b, 0, Index{1}).store(b, 1);
    return;
  }
  using V = LanesFor<S, D::RowsAtCompileTime>;
  for_runs<V::size>(m, [&](Index i, auto count) {
    V total = detail::load_run<V>(d.data() + i, count);
    if constexpr (D::ColsAtCompileTime != 1) {
      V other(0);
      Index j = 1;
      for (; j + 2 <= n; j += 2) {
        total += detail::load_run<V>(d.column(j) + i, count);
        other += detail::load_run<V>(d.column(j + 1) + i, count);
      }
      if (j < n) total += detail::load_run<V>(d.column(j) + i, count);
      total += other;
    }
    detail::store_run(detail::started(total, start, b, i, count), b + i, count);
  });
}

}  // namespace backfold::inline BACKFOLD_ABI
