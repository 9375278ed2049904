// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/kernel/register_block.hpp"
#include "backfold/core/kernel/tile.hpp"
#include "backfold/core/long_sum.hpp"

/// Products with one column. Inlined, so that sizes known at compile time leave straight code.

BACKFOLD_BEGIN_NAMESPACE

namespace kernel {

/// finish(i, count, start(i, count) + Σ_j a(·, j) x_j) for `Registers` registers of rows, the last
/// with `lanes` rows. Accumulates over the columns of A in several independent chains to hide the
/// latency of a multiply-add. Pass K if k is known at compile time.
template <class V, int Registers, bool Partial, Index K, Real S, class Start, class Finish>
// One register allocation for all sums, so one function.
// NOLINTNEXTLINE(readability-function-cognitive-complexity)
BACKFOLD_ALWAYS_INLINE void column_sweep(Index row, Index lanes, Index k, const S* a, Index lda,
                                         const S* x, Index x_stride, const Start& start,
                                         const Finish& finish) {
  constexpr int chains = Registers <= 2 ? 4 : 2;
  constexpr std::integral_constant<Index, V::size> whole;
  constexpr int last = Registers - 1;
  V sums[chains][Registers];
  auto add = [&](int c, Index j) BACKFOLD_INLINE_LAMBDA {
    const V factor(x[j * x_stride]);
    const S* const from = a + j * lda + row;
    BACKFOLD_UNROLL
    for (int r = 0; r < last; ++r) {
      sums[c][r] = multiply_add(V::load(from + r * V::size), factor, sums[c][r]);
    }
    const V rows = Partial ? V::load(from + last * V::size, lanes) : V::load(from + last * V::size);
    sums[c][last] = multiply_add(rows, factor, sums[c][last]);
  };
  BACKFOLD_UNROLL
  for (int r = 0; r < last; ++r) sums[0][r] = start(row + r * V::size, whole);
  if constexpr (Partial) {
    sums[0][last] = start(row + last * V::size, lanes);
  } else {
    sums[0][last] = start(row + last * V::size, whole);
  }
  Index j = 0;
  if constexpr (K == Dynamic || K >= 2 * chains) {
    if (k >= 2 * chains) {
      BACKFOLD_UNROLL
      for (int c = 1; c < chains; ++c) {
        BACKFOLD_UNROLL
        for (int r = 0; r < Registers; ++r) sums[c][r] = V(0);
      }
      for (const Index end = k - k % chains; j < end; j += chains) {
        BACKFOLD_UNROLL
        for (int c = 0; c < chains; ++c) add(c, j + c);
      }
      BACKFOLD_UNROLL
      for (int r = 0; r < Registers; ++r) {
        if constexpr (chains == 4) sums[1][r] += sums[3][r];
        if constexpr (chains == 4) sums[0][r] += sums[2][r];
        sums[0][r] += sums[1][r];
      }
    }
  }
  for (; j < k; ++j) add(0, j);
  BACKFOLD_UNROLL
  for (int r = 0; r < last; ++r) finish(row + r * V::size, whole, sums[0][r]);
  if constexpr (Partial) {
    finish(row + last * V::size, lanes, sums[0][last]);
  } else {
    finish(row + last * V::size, whole, sums[0][last]);
  }
}

/// finish(i, count, start(i, count) + (A x)_i) for all rows; Pass Rows and K if m and k are known
/// at compile time. With a static row count the remainder is one sweep of exactly the registers it
/// needs; with a dynamic one it takes sweeps of 4, 2 and 1 registers, to limit instantiations.
template <class V, Index Rows, Index K, Real S, class Start, class Finish>
BACKFOLD_ALWAYS_INLINE void matrix_times_vector(Index m, Index k, const S* a, Index lda, const S* x,
                                                Index x_stride, const Start& start,
                                                const Finish& finish) {
  constexpr Index width = V::size;
  auto sweep = [&]<int Registers, bool Partial>(std::integral_constant<int, Registers>,
                                                std::bool_constant<Partial>, Index row,
                                                Index lanes) BACKFOLD_INLINE_LAMBDA {
    column_sweep<V, Registers, Partial, K>(row, lanes, k, a, lda, x, x_stride, start, finish);
  };
  Index row = 0;
  if constexpr (Rows != Dynamic) {
    constexpr Index fours = Rows <= 4 * width ? 0 : (Rows - 1) / (4 * width);
    if constexpr (fours > 0) {
      for (; row < fours * 4 * width; row += 4 * width) {
        sweep(std::integral_constant<int, 4>{}, std::false_type{}, row, width);
      }
    }
    constexpr Index rest = Rows - fours * 4 * width;
    constexpr int registers = static_cast<int>((rest + width - 1) / width);
    constexpr Index lanes = rest - (registers - 1) * width;
    sweep(std::integral_constant<int, registers>{}, std::bool_constant<lanes != width>{}, row,
          lanes);
  } else {
    for (; row + 4 * width <= m; row += 4 * width) {
      sweep(std::integral_constant<int, 4>{}, std::false_type{}, row, width);
    }
    for (; row + 2 * width <= m; row += 2 * width) {
      sweep(std::integral_constant<int, 2>{}, std::false_type{}, row, width);
    }
    for (; row < m; row += width) {
      if (m - row >= width) {
        sweep(std::integral_constant<int, 1>{}, std::false_type{}, row, width);
      } else {
        sweep(std::integral_constant<int, 1>{}, std::true_type{}, row, m - row);
      }
    }
  }
}

/// Dot products of `count` columns of A with d, one in each lane. Pass M if m is known at compile
/// time.
template <class V, Index M, Real S, class Count>
BACKFOLD_ALWAYS_INLINE V columns_times_vector(Index m, const S* a, Index lda, const S* d,
                                              Count count) {
  V sums[V::size];
  BACKFOLD_UNROLL
  for (int c = 0; c < V::size; ++c) sums[c] = V(0);
  for_strips<V::size, M>(m, [&](Index row, auto lanes) {
    const V factor = backfold::detail::load_strip<V>(d + row, lanes);
    for (Index c = 0; c < count; ++c) {
      const V column = backfold::detail::load_strip<V>(a + c * lda + row, lanes);
      sums[c] = multiply_add(column, factor, sums[c]);
    }
  });
  return sums_of(sums);
}

/// finish(i, count, (Aᵀ d)_i) for all k columns of A: dot products down the columns, one column for
/// each lane of a register. Pass M and K if m and k are known at compile time.
template <class V, Index M, Index K, Real S, class Finish>
BACKFOLD_ALWAYS_INLINE void transposed_times_vector(Index m, Index k, const S* a, Index lda,
                                                    const S* d, const Finish& finish) {
  for_strips<V::size, K>(k, [&](Index i, auto count) {
    finish(i, count, columns_times_vector<V, M>(m, a + i * lda, lda, d, count));
  });
}

/// Σ_j a_j x_j of two contiguous vectors. Pass K if k is known at compile time.
template <Index K, Real S>
BACKFOLD_ALWAYS_INLINE S dot(Index k, const S* a, const S* x) {
  using V = LanesFor<S, K>;
  auto product = [&](Index i, auto count) BACKFOLD_INLINE_LAMBDA {
    return backfold::detail::load_strip<V>(a + i, count) *
           backfold::detail::load_strip<V>(x + i, count);
  };
  constexpr std::integral_constant<Index, V::size> whole;
  constexpr int chains = 4;
  if constexpr (K > 0 && K <= V::size) {
    return sum(product(0, K));
  } else if constexpr (K > 0 && K < chains * V::size) {
    V total = product(0, whole);
    for_strips<V::size, K - V::size>(
        K - V::size, [&](Index i, auto count) { total += product(V::size + i, count); });
    return sum(total);
  } else {
    V sums[chains] = {V(0), V(0), V(0), V(0)};
    const Index end = k - k % (chains * V::size);
    for (Index i = 0; i < end; i += chains * V::size) {
      for (int c = 0; c < chains; ++c) {
        const Index at = i + c * V::size;
        sums[c] = multiply_add(V::load(a + at), V::load(x + at), sums[c]);
      }
    }
    for_strips<V::size>(k - end, [&](Index i, auto count) { sums[0] += product(end + i, count); });
    return sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
}

/// Y ← start + A x, compiled once per scalar type.
template <Real S>
BACKFOLD_NO_INLINE void matrix_vector(Index m, Index k, const S* a, Index lda, const S* x,
                                      Index x_stride, S* y, const InitialValue<S>& start) {
  using namespace backfold::detail;
  using V = Lanes<S>;
  if (k > longest_plain_sum) {
    auto part = [=](Index row, Index rows, Index first, Index count, S* sums) {
      matrix_vector(rows, count, a + first * lda + row, lda, x + first * x_stride, x_stride, sums,
                    {});
    };
    start.write(m, y, y);
    return add_long_sums(m, k, longest_run, y, part);
  }
  matrix_times_vector<V, Dynamic, Dynamic>(
      m, k, a, lda, x, x_stride,
      [&](Index i, auto count) BACKFOLD_INLINE_LAMBDA { return start.template at<V>(y, i, count); },
      [&](Index i, auto count, const V& sum)
          BACKFOLD_INLINE_LAMBDA { store_strip(sum, y + i, count); });
}

/// Y ← start + Aᵀ d, compiled once per scalar type.
template <Real S>
BACKFOLD_NO_INLINE void transposed_matrix_vector(Index m, Index k, const S* a, Index lda,
                                                 const S* d, S* y, const InitialValue<S>& start) {
  using namespace backfold::detail;
  using V = Lanes<S>;
  if (m > longest_plain_sum) {
    auto part = [=](Index column, Index columns, Index first, Index count, S* sums) {
      transposed_matrix_vector(count, columns, a + column * lda + first, lda, d + first, sums, {});
    };
    start.write(k, y, y);
    return add_long_sums(k, m, longest_run * V::size, y, part);
  }
  constexpr std::integral_constant<Index, V::size> whole;
  Index i = 0;
  for (; i + V::size <= k; i += V::size) {
    const V product = columns_times_vector<V, Dynamic>(m, a + i * lda, lda, d, whole);
    (product + start.template at<V>(y, i, whole)).store(y + i);
  }
  for (; i < k; ++i) {
    y[i] = dot<Dynamic>(m, a + i * lda, d) + start.at(y + i, i);
  }
}

}  // namespace kernel

BACKFOLD_END_NAMESPACE
