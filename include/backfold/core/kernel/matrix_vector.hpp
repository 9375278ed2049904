// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/elementwise.hpp"

/// Products with one column. Inlined, so that sizes known at compile time leave straight code.

namespace backfold::inline BACKFOLD_ABI::kernel {

/// finish(i, count, Σ_j a(·, j) x_j) for runs of rows: a sweep over the columns of A with up to
/// four registers of rows at a time, and with few of them several sums, to hide the latency.
template <int Registers, Real S, class Finish>
BACKFOLD_ALWAYS_INLINE void column_sweep(Index m, Index k, const S* a, Index lda, const S* x,
                                         Index x_stride, Index row, const Finish& finish) {
  using V = Lanes<S>;
  constexpr int chains = Registers == 1 ? 4 : Registers == 2 ? 2 : 1;
  V sums[chains][Registers];
  for (int c = 0; c < chains; ++c) {
    for (int r = 0; r < Registers; ++r) sums[c][r] = V(0);
  }
  const Index lanes = m - row - (Registers - 1) * V::size;
  const bool partial = lanes < V::size;
  auto add = [&](Index j, int chain) {
    const V factor(x[j * x_stride]);
    const S* const from = a + j * lda + row;
    for (int r = 0; r < Registers; ++r) {
      const V rows = r == Registers - 1 && partial ? V::load(from + r * V::size, lanes)
                                                   : V::load(from + r * V::size);
      sums[chain][r] = multiply_add(rows, factor, sums[chain][r]);
    }
  };
  Index j = 0;
  for (; j + chains <= k; j += chains) {
    for (int c = 0; c < chains; ++c) add(j + c, c);
  }
  if constexpr (chains > 1) {
    for (int c = 0; c < chains - 1 && j < k; ++c, ++j) add(j, c);
  }
  for (int r = 0; r < Registers; ++r) {
    V sum = sums[0][r];
    for (int c = 1; c < chains; ++c) sum += sums[c][r];
    const Index at = row + r * V::size;
    if (r == Registers - 1 && partial) {
      finish(at, lanes, sum);
    } else {
      finish(at, std::integral_constant<Index, V::size>{}, sum);
    }
  }
}

/// finish(i, count, (A x)_i) for all rows.
template <Real S, class Finish>
BACKFOLD_ALWAYS_INLINE void matrix_times_vector(Index m, Index k, const S* a, Index lda, const S* x,
                                                Index x_stride, const Finish& finish) {
  constexpr Index width = native_width<S>;
  Index row = 0;
  for (; m - row > 3 * width; row += 4 * width) {
    column_sweep<4>(m, k, a, lda, x, x_stride, row, finish);
  }
  if (row >= m) return;
  if (m - row > 2 * width) {
    column_sweep<3>(m, k, a, lda, x, x_stride, row, finish);
  } else if (m - row > width) {
    column_sweep<2>(m, k, a, lda, x, x_stride, row, finish);
  } else {
    column_sweep<1>(m, k, a, lda, x, x_stride, row, finish);
  }
}

/// The sums of `count` registers, one in each lane.
template <class V>
BACKFOLD_ALWAYS_INLINE V sums_of(const V* sums) {
  if constexpr (V::size == 1) {
    return sums[0];
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
template <Real S, class Finish>
BACKFOLD_ALWAYS_INLINE void transposed_times_vector(Index m, Index k, const S* a, Index lda,
                                                    const S* d, const Finish& finish) {
  using V = Lanes<S>;
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

/// Σ_j a_j x_j of two vectors with strides, x contiguous.
template <Real S>
BACKFOLD_ALWAYS_INLINE S dot(Index k, const S* a, const S* x) {
  using V = Lanes<S>;
  V sums[4] = {V(0), V(0), V(0), V(0)};
  Index i = 0;
  for (; i + 4 * V::size <= k; i += 4 * V::size) {
    for (int c = 0; c < 4; ++c) {
      sums[c] = multiply_add(V::load(a + i + c * V::size), V::load(x + i + c * V::size), sums[c]);
    }
  }
  for_runs<V::size>(k - i, [&](Index j, auto count) {
    sums[0] = multiply_add(backfold::detail::load_run<V>(a + i + j, count),
                           backfold::detail::load_run<V>(x + i + j, count), sums[0]);
  });
  return sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

}  // namespace backfold::inline BACKFOLD_ABI::kernel
