// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/kernel/register_block.hpp"
#include "backfold/core/kernel/tile.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace kernel {

/// Rows of a packed panel.
template <Real S>
inline constexpr Index panel_rows = tile_rows* native_width<S>;

/// Steps of k in a packed panel: with one tile's columns of B it takes 36 KiB of the 48 KiB of a
/// first-level cache.
inline constexpr Index panel_depth = 192;

/// to(i, j) ← a(i, j): m <= panel_rows rows, zeros after them up to the next whole register, with
/// `stride` numbers from column to column.
template <Real S>
void pack(Index m, Index k, const S* a, Index lda, S* to, Index stride) {
  using V = Lanes<S>;
  for (Index j = 0; j < k; ++j) {
    for_strips<V::size>(m, [&](Index i, auto count) {
      Eigen::internal::prefetch(a + (j + 16) * lda + i);
      backfold::detail::load_strip<V>(a + j * lda + i, count).store(to + j * stride + i);
    });
  }
}

/// to(i, j) ← w(j, i) for a block of at most a register's rows and columns, with zeros to `to`'s
/// whole registers.
template <Real S>
void pack_transposed_block(Index rows, Index columns, const S* w, Index ldw, S* to, Index stride) {
  using V = Lanes<S>;
  constexpr int width = V::size;
  V block[width];
  if (columns == width && rows == width) {
    BACKFOLD_UNROLL
    for (int c = 0; c < width; ++c) block[c] = V::load(w + c * ldw);
    transpose_registers(block);
    BACKFOLD_UNROLL
    for (int r = 0; r < width; ++r) block[r].store(to + r * stride);
  } else {
    for (int c = 0; c < width; ++c) block[c] = c < columns ? V::load(w + c * ldw, rows) : V(0);
    transpose_registers(block);
    for (Index r = 0; r < rows; ++r) block[r].store(to + r * stride);
  }
}

/// `pack` of a transposed matrix, to(i, j) ← w(j, i); w has k rows and m columns.
template <Real S>
void pack_transposed(Index m, Index k, const S* w, Index ldw, S* to, Index stride) {
  constexpr Index width = Lanes<S>::size;
  if (m <= 4) {  // too few rows for a transposition in registers
    for (Index j = 0; j < k; ++j) {
      for (Index i = 0; i < m; ++i) to[j * stride + i] = w[i * ldw + j];
      for (Index i = m; i < stride; ++i) to[j * stride + i] = S(0);
    }
    return;
  }
  for (Index i = 0; i < m; i += width) {
    for (Index j = 0; j < k; j += width) {
      pack_transposed_block((std::min)(k - j, width), (std::min)(m - i, width), w + i * ldw + j,
                            ldw, to + j * stride + i, stride);
    }
  }
}

/// Numbers that `pack_columns` writes for k rows and n columns.
constexpr Index packed_columns_size(Index k, Index n) {
  return (n + tile_columns - 1) / tile_columns * tile_columns * (k + 1);
}

/// Packs k rows of n contiguous numbers, tile by tile. A spare row after each tile avoids cache-set
/// conflicts between tiles whose depth is a power of two.
template <Real S>
Strided<S> pack_columns(Index n, Index k, const Strided<S>& b, S* to) {
  using V = LanesFor<S, tile_columns>;
  const Index next_tile = tile_columns * (k + 1);
  for (Index i = 0; i < k; ++i) {
    const S* const row = b.data + i * b.row;
    S* tile = to + i * tile_columns;
    Index j = 0;
    for (; j + tile_columns <= n; j += tile_columns, tile += next_tile) {
      BACKFOLD_UNROLL
      for (int c = 0; c < tile_columns; c += V::size) V::load(row + j + c).store(tile + c);
    }
    for (Index c = 0; c < n - j; ++c) tile[c] = row[j + c];
  }
  return {to, tile_columns, 1, next_tile};
}

}  // namespace kernel

BACKFOLD_END_NAMESPACE
