// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/kernel/tile.hpp"

/// Products with one column. Inlined, so that sizes known at compile time leave straight code.

namespace backfold::inline BACKFOLD_ABI::kernel {

/// finish(i, count, start(i, count) + Σ_j a(·, j) x_j) for some registers of rows, the last with
/// `lanes` rows: a sweep over the columns of A, with so many sums at once as hide the latency of an
/// addition.
template <class V, int Registers, bool Partial, Real S, class Start, class Finish>
BACKFOLD_ALWAYS_INLINE void column_sweep(Index row, Index lanes, Index k, const S* a, Index lda,
                                         const S* x, Index x_stride, const Start& start,
                                         const Finish& finish) {
  constexpr int chains = Registers <= 2 ? 4 : 2;
  constexpr std::integral_constant<Index, V::size> whole;
  auto for_registers = [&](auto&& f) BACKFOLD_INLINE_LAMBDA {
    for_each_index<Registers>([&](auto r) BACKFOLD_INLINE_LAMBDA {
      const Index at = row + r() * V::size;
      if constexpr (Partial && r() == Registers - 1) {
        f(r, at, lanes);
      } else {
        f(r, at, whole);
      }
    });
  };
  V sums[chains][Registers];
  auto add = [&](auto c, Index j) BACKFOLD_INLINE_LAMBDA {
    const V factor(x[j * x_stride]);
    for_registers([&](auto r, Index at, auto count) BACKFOLD_INLINE_LAMBDA {
      V& sum = sums[c()][r()];
      sum = multiply_add(backfold::detail::load_run<V>(a + j * lda + at, count), factor, sum);
    });
  };
  for_registers([&](auto r, Index at, auto count)
                    BACKFOLD_INLINE_LAMBDA { sums[0][r()] = start(at, count); });
  Index j = 0;
  if (k >= 2 * chains) {
    for_each_index<(chains - 1) * Registers>(
        [&](auto i) BACKFOLD_INLINE_LAMBDA { sums[1 + i() / Registers][i() % Registers] = V(0); });
    for (const Index end = k - k % chains; j < end; j += chains) {
      for_each_index<chains>([&](auto c) BACKFOLD_INLINE_LAMBDA { add(c, j + c()); });
    }
    for_registers([&](auto r, Index, auto) BACKFOLD_INLINE_LAMBDA {
      if constexpr (chains == 4) sums[1][r()] += sums[3][r()];
      if constexpr (chains == 4) sums[0][r()] += sums[2][r()];
      sums[0][r()] += sums[1][r()];
    });
  }
  for (; j < k; ++j) add(std::integral_constant<int, 0>{}, j);
  for_registers([&](auto r, Index at, auto count)
                    BACKFOLD_INLINE_LAMBDA { finish(at, count, sums[0][r()]); });
}

/// finish(i, count, start(i, count) + (A x)_i) for all rows; Rows is m where it is a constant.
template <class V, Index Rows, Real S, class Start, class Finish>
BACKFOLD_ALWAYS_INLINE void matrix_times_vector(Index m, Index k, const S* a, Index lda, const S* x,
                                                Index x_stride, const Start& start,
                                                const Finish& finish) {
  if constexpr (Rows != Dynamic) m = Rows;
  auto sweep = [&]<int Registers>(std::integral_constant<int, Registers>,
                                  Index row) BACKFOLD_INLINE_LAMBDA {
    const Index lanes = m - row - (Registers - 1) * V::size;
    if (lanes >= V::size) {
      column_sweep<V, Registers, false>(row, V::size, k, a, lda, x, x_stride, start, finish);
    } else {
      column_sweep<V, Registers, true>(row, lanes, k, a, lda, x, x_stride, start, finish);
    }
  };
  Index row = 0;
  for (; m - row > 3 * V::size; row += 4 * V::size) sweep(std::integral_constant<int, 4>{}, row);
  if (m - row > 2 * V::size) {
    sweep(std::integral_constant<int, 3>{}, row);
  } else if (m - row > V::size) {
    sweep(std::integral_constant<int, 2>{}, row);
  } else if (m > row) {
    sweep(std::integral_constant<int, 1>{}, row);
  }
}

/// The sums of V::size registers, one in each lane.
template <class V>
BACKFOLD_ALWAYS_INLINE V sums_of(V* sums) {
  if constexpr (V::size == 1) {
    return sums[0];
#if defined(EIGEN_VECTORIZE_AVX512)
  } else if constexpr (sizeof(V) == 64) {
    // Halved four (three) times: half the work of a transposition.
    auto halve = [&]<int Count>(std::integral_constant<int, Count>, auto merge) {
      for_each_index<Count>([&](auto c) BACKFOLD_INLINE_LAMBDA {
        sums[c()].packet = merge(sums[2 * c()].packet, sums[2 * c() + 1].packet);
      });
    };
    if constexpr (V::size == 16) {
      halve(std::integral_constant<int, 8>{}, [](__m512 a, __m512 b) BACKFOLD_INLINE_LAMBDA {
        return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
      });
      halve(std::integral_constant<int, 4>{}, [](__m512 a, __m512 b) BACKFOLD_INLINE_LAMBDA {
        const __m512d c = _mm512_castps_pd(a);
        const __m512d d = _mm512_castps_pd(b);
        return _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(c, d)),
                             _mm512_castpd_ps(_mm512_unpackhi_pd(c, d)));
      });
      auto quarters = [](__m512 a, __m512 b) BACKFOLD_INLINE_LAMBDA {
        return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
      };
      halve(std::integral_constant<int, 2>{}, quarters);
      halve(std::integral_constant<int, 1>{}, quarters);
    } else {
      halve(std::integral_constant<int, 4>{}, [](__m512d a, __m512d b) BACKFOLD_INLINE_LAMBDA {
        return _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
      });
      auto quarters = [](__m512d a, __m512d b) BACKFOLD_INLINE_LAMBDA {
        return _mm512_add_pd(_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd));
      };
      halve(std::integral_constant<int, 2>{}, quarters);
      halve(std::integral_constant<int, 1>{}, quarters);
    }
    return sums[0];
#endif
  } else {
    Eigen::internal::PacketBlock<typename V::P, V::size> block;
    for (int c = 0; c < V::size; ++c) block.packet[c] = sums[c].packet;
    Eigen::internal::ptranspose(block);
    for (int step = V::size / 2; step > 0; step /= 2) {
      for (int c = 0; c < step; ++c) {
        block.packet[c] = Eigen::internal::padd(block.packet[c], block.packet[c + step]);
      }
    }
    V result;
    result.packet = block.packet[0];
    return result;
  }
}

/// finish(i, count, (Aᵀ d)_i) for all k columns of A: dot products down the columns, as many at
/// once as a register has lanes.
template <class V, Real S, class Finish>
BACKFOLD_ALWAYS_INLINE void transposed_times_vector(Index m, Index k, const S* a, Index lda,
                                                    const S* d, const Finish& finish) {
  for_runs<V::size>(k, [&](Index i, auto count) {
    V sums[V::size];
    for (int c = 0; c < V::size; ++c) sums[c] = V(0);
    for_runs<V::size>(m, [&](Index row, auto lanes) {
      const V factor = backfold::detail::load_run<V>(d + row, lanes);
      for (Index c = 0; c < count; ++c) {
        const V column = backfold::detail::load_run<V>(a + (i + c) * lda + row, lanes);
        sums[c] = multiply_add(column, factor, sums[c]);
      }
    });
    finish(i, count, sums_of(sums));
  });
}

/// Σ_j a_j x_j of two contiguous vectors; K is k where it is a constant.
template <Index K, Real S>
BACKFOLD_ALWAYS_INLINE S dot(Index k, const S* a, const S* x) {
  using V = LanesFor<S, K>;
  auto product = [&](Index i, auto count) BACKFOLD_INLINE_LAMBDA {
    return backfold::detail::load_run<V>(a + i, count) *
           backfold::detail::load_run<V>(x + i, count);
  };
  constexpr std::integral_constant<Index, V::size> whole;
  constexpr int chains = 4;
  if constexpr (K > 0 && K <= V::size) {
    return sum(product(0, K));
  } else if constexpr (K > 0 && K < chains * V::size) {
    V total = product(0, whole);
    for_runs<V::size>(K - V::size,
                      [&](Index i, auto count) { total += product(V::size + i, count); });
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
    for_runs<V::size>(k - end, [&](Index i, auto count) { sums[0] += product(end + i, count); });
    return sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
}

/// Y ← start + A x, compiled once a scalar.
template <Real S>
BACKFOLD_NO_INLINE void matrix_vector(Index m, Index k, const S* a, Index lda, const S* x,
                                      Index x_stride, S* y, const TileStart<S>& start) {
  using V = Lanes<S>;
  matrix_times_vector<V, Dynamic>(
      m, k, a, lda, x, x_stride,
      [&](Index i, auto count) BACKFOLD_INLINE_LAMBDA { return start.template at<V>(y, i, count); },
      [&](Index i, auto count, const V& sum)
          BACKFOLD_INLINE_LAMBDA { backfold::detail::store_run(sum, y + i, count); });
}

/// Y ← start + Aᵀ d, compiled once a scalar.
template <Real S>
BACKFOLD_NO_INLINE void transposed_matrix_vector(Index m, Index k, const S* a, Index lda,
                                                 const S* d, S* y, const TileStart<S>& start) {
  using V = Lanes<S>;
  const Index alone = k % V::size <= V::size / 4 ? k % V::size : 0;  // too few to go together
  transposed_times_vector<V>(m, k - alone, a, lda, d, [&](Index i, auto count, const V& product) {
    backfold::detail::store_run(product + start.template at<V>(y, i, count), y + i, count);
  });
  for (Index i = k - alone; i < k; ++i) {
    const S product = dot<Dynamic>(m, a + i * lda, d);
    y[i] = product + (start.bias != nullptr ? start.bias[i] : start.add ? y[i] : S(0));
  }
}

}  // namespace backfold::inline BACKFOLD_ABI::kernel
