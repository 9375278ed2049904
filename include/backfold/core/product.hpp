// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/kernel/matrix_vector.hpp"
#include "backfold/core/kernel/pack.hpp"
#include "backfold/core/types.hpp"

#include <algorithm>

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

template <Real S, class Start>
kernel::TileStart<S> tile_start(const Start& start) {
  if constexpr (std::is_same_v<Start, FromBias<S>>) {
    return {start.bias, false};
  } else {
    return {nullptr, std::is_same_v<Start, FromOutput>};
  }
}

/// How A is had by the matrix-matrix product.
enum class Source { AsIs, Transposed };

/// Y ← start + A·B in panels of rows; done(row, rows) after each, while it is in the cache. With
/// `Transposed`, a is Aᵀ (k rows).
template <Source From, Real S, class Done>
BACKFOLD_ALWAYS_INLINE void panel_product(Index m, Index n, Index k, const S* a, Index lda,
                                          const kernel::Strided<S>& b, S* y, Index ldy,
                                          kernel::TileStart<S> start, S* scratch,
                                          const Done& done) {
  constexpr Index height = kernel::panel_rows<S>;
  constexpr Index width = native_width<S>;
  // Packing pays where columns of A lie pages apart and are used often.
  const bool far_apart = lda * Index{sizeof(S)} >= 2048 && n >= 4 * kernel::tile_columns;
  for (Index i = 0; i < m; i += height) {
    const Index rows = std::min(height, m - i);
    const bool ragged = rows % width != 0 && !kernel::partial_loads_are_cheap<S> && n > 2;
    kernel::TileStart<S> panel_start = start;
    if (start.bias != nullptr) panel_start.bias = start.bias + i;
    if (From == Source::AsIs && !far_apart && !ragged) {
      kernel::rows_product(rows, n, k, a + i, lda, b, y + i, ldy, panel_start, false);
    } else {
      for (Index depth = 0; depth < k; depth += kernel::panel_depth) {
        const Index steps = std::min(kernel::panel_depth, k - depth);
        const Index stride = (rows + width - 1) / width * width;
        if constexpr (From == Source::Transposed) {
          kernel::pack_transposed(rows, steps, a + i * lda + depth, lda, scratch, stride);
        } else {
          kernel::pack(rows, steps, a + depth * lda + i, lda, scratch, stride);
        }
        kernel::rows_product(rows, n, steps, static_cast<const S*>(scratch), stride,
                             {b.data + depth * b.row, b.row, b.column}, y + i, ldy, panel_start,
                             true);
        panel_start = {nullptr, true};
      }
    }
    done(i, rows);
  }
}

/// Calls f(i, j, count) for runs of lanes of a block of rows of Y.
template <Real S, class F>
BACKFOLD_ALWAYS_INLINE void for_block(Index row, Index rows, Index n, const F& f) {
  for (Index j = 0; j < n; ++j) {
    for_runs<native_width<S>>(rows, [&](Index i, auto count) { f(row + i, j, count); });
  }
}

}  // namespace detail

/// Y ← f(start + W·X): W m × k, X k × n, Y m × n. f is a function of Lanes, or Identity.
template <class W, class X, class Y, class Start, class F, Real S>
BACKFOLD_ALWAYS_INLINE void affine(const W& w, const X& x, const Y& y, const Start& start,
                                   const F& f, [[maybe_unused]] S* scratch) {
  using V = Lanes<S>;
  const Index m = y.rows();
  const Index n = y.cols();
  const Index k = x.rows();
  auto one_column = [&](Index j) {
    S* const to = y.column(j);
    if (m == 1 && w.outerStride() == 1) {
      const S product = kernel::dot(k, w.data(), x.column(j));
      const V sum = V(product) + detail::start_value<V>(start, to, 0, Index{1});
      f(sum).store(to, 1);
    } else {
      kernel::matrix_times_vector(m, k, w.data(), w.outerStride(), x.column(j), 1,
                                  [&](Index i, auto count, const V& product) {
                                    const V sum =
                                        product + detail::start_value<V>(start, to, i, count);
                                    detail::store_run(f(sum), to + i, count);
                                  });
    }
  };
  if constexpr (Y::ColsAtCompileTime == 1) {
    one_column(0);
  } else if (n == 1) {
    one_column(0);
  } else {
    detail::panel_product<detail::Source::AsIs>(
        m, n, k, w.data(), w.outerStride(), {x.data(), 1, x.outerStride()}, y.data(),
        y.outerStride(), detail::tile_start<S>(start), scratch, [&](Index row, Index rows) {
          if constexpr (!std::is_same_v<F, Identity>) {
            detail::for_block<S>(row, rows, n, [&](Index i, Index j, auto count) {
              S* const at = y.column(j) + i;
              detail::store_run(f(detail::load_run<V>(at, count)), at, count);
            });
          }
        });
  }
}

namespace detail {

template <class W, class D, class Y, class Start, Real S, class Finish>
BACKFOLD_ALWAYS_INLINE void back_product(const W& w, const D& d, const Y& y, const Start& start,
                                         [[maybe_unused]] S* scratch, const Finish& finish) {
  using V = Lanes<S>;
  const Index k = y.rows();
  const Index n = y.cols();
  const Index m = d.rows();
  const bool one_row = m == 1 && w.outerStride() == 1;
  auto one_column = [&](Index j) {
    S* const to = y.column(j);
    auto store = [&](Index i, auto count, const V& product) {
      const V sum = product + start_value<V>(start, to, i, count);
      store_run(finish(sum, i, j, count), to + i, count);
    };
    if (one_row) {
      const V factor(d.column(j)[0]);
      for_runs<V::size>(k, [&](Index i, auto count) {
        store(i, count, load_run<V>(w.data() + i, count) * factor);
      });
    } else {
      kernel::transposed_times_vector(m, k, w.data(), w.outerStride(), d.column(j), store);
    }
  };
  if constexpr (Y::ColsAtCompileTime == 1) {
    one_column(0);
  } else if (n == 1 || one_row) {
    for (Index j = 0; j < n; ++j) one_column(j);
  } else {
    panel_product<Source::Transposed>(
        k, n, m, w.data(), w.outerStride(), {d.data(), 1, d.outerStride()}, y.data(),
        y.outerStride(), tile_start<S>(start), scratch, [&](Index row, Index rows) {
          for_block<S>(row, rows, n, [&](Index i, Index j, auto count) {
            S* const at = y.column(j) + i;
            store_run(finish(load_run<V>(at, count), i, j, count), at, count);
          });
        });
  }
}

}  // namespace detail

/// Y ← start + Wᵀ·D: W m × k, D m × n, Y k × n.
template <class W, class D, class Y, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void back(const W& w, const D& d, const Y& y, const Start& start,
                                 S* scratch) {
  using V = Lanes<S>;
  detail::back_product(w, d, y, start, scratch,
                       [](const V& sum, Index, Index, auto) { return sum; });
}

/// Y ← g(start + Wᵀ·D, x): g a function of two Lanes, x the same entry of a k × n matrix of
/// outputs.
template <class W, class D, class Y, class Start, class G, class Xs, Real S>
BACKFOLD_ALWAYS_INLINE void back(const W& w, const D& d, const Y& y, const Start& start, const G& g,
                                 const Xs& x, S* scratch) {
  using V = Lanes<S>;
  detail::back_product(w, d, y, start, scratch, [&](const V& sum, Index i, Index j, auto count) {
    return g(sum, detail::load_run<V>(x.column(j) + i, count));
  });
}

/// G ← start + D·Xᵀ: D m × n, X k × n, G m × k.
template <class D, class X, class G, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void outer(const D& d, const X& x, const G& g, const Start& start,
                                  [[maybe_unused]] S* scratch) {
  using V = Lanes<S>;
  static_assert(!std::is_same_v<Start, FromBias<S>>);
  const Index m = d.rows();
  const Index n = d.cols();
  const Index k = x.rows();
  auto rank_one = [&] {
    if (m == 1 && g.outerStride() == 1) {
      const V factor(d.data()[0]);
      for_runs<V::size>(k, [&](Index i, auto count) {
        const V product = detail::load_run<V>(x.data() + i, count) * factor;
        detail::store_run(product + detail::start_value<V>(start, g.data(), i, count), g.data() + i,
                          count);
      });
      return;
    }
    for_runs<V::size>(m, [&](Index i, auto count) {
      const V rows = detail::load_run<V>(d.data() + i, count);
      for (Index j = 0; j < k; ++j) {
        const V product = rows * V(x.data()[j]);
        detail::store_run(product + detail::start_value<V>(start, g.column(j), i, count),
                          g.column(j) + i, count);
      }
    });
  };
  if constexpr (D::ColsAtCompileTime == 1) {
    rank_one();
  } else if (n == 1) {
    rank_one();
  } else if (m == 1 && g.outerStride() == 1) {
    kernel::matrix_times_vector(k, n, x.data(), x.outerStride(), d.data(), d.outerStride(),
                                [&](Index i, auto count, const V& product) {
                                  detail::store_run(
                                      product + detail::start_value<V>(start, g.data(), i, count),
                                      g.data() + i, count);
                                });
  } else {
    detail::panel_product<detail::Source::AsIs>(
        m, k, n, d.data(), d.outerStride(), {x.data(), x.outerStride(), 1}, g.data(),
        g.outerStride(), detail::tile_start<S>(start), scratch, [](Index, Index) {});
  }
}

/// b ← start + Σ over the columns of D.
template <class D, class Start, Real S>
BACKFOLD_ALWAYS_INLINE void row_sums(const D& d, S* b, const Start& start) {
  using V = Lanes<S>;
  const Index m = d.rows();
  const Index n = d.cols();
  if (m == 1 && d.outerStride() == 1 && D::ColsAtCompileTime != 1) {
    V total(0);
    for_runs<V::size>(
        n, [&](Index i, auto count) { total += detail::load_run<V>(d.data() + i, count); });
    (V(sum(total)) + detail::start_value<V>(start, b, 0, Index{1})).store(b, 1);
    return;
  }
  for_runs<V::size>(m, [&](Index i, auto count) {
    V total[2] = {V(0), V(0)};
    Index j = 0;
    for (; j + 2 <= n; j += 2) {
      total[0] += detail::load_run<V>(d.column(j) + i, count);
      total[1] += detail::load_run<V>(d.column(j + 1) + i, count);
    }
    if (j < n) total[0] += detail::load_run<V>(d.column(j) + i, count);
    const V all = total[0] + total[1];
    detail::store_run(all + detail::start_value<V>(start, b, i, count), b + i, count);
  });
}

}  // namespace backfold::inline BACKFOLD_ABI
