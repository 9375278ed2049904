// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/kernel/matrix_vector.hpp"
#include "backfold/core/kernel/pack.hpp"

/// Products of any size, row panel by row panel: with one column, packed or as they stand.

BACKFOLD_BEGIN_NAMESPACE

namespace kernel {

/// How A is had.
enum class Source { AsIs, Transposed };

/// Rows i..i+rows of Y ← start + A·B, rows <= panel_rows. With `Transposed`, a is Aᵀ (k rows).
template <Source From, Real S>
BACKFOLD_NO_INLINE void panel(Index i, Index rows, Index n, Index k, const S* a, Index lda,
                              const Strided<S>& b, S* y, Index ldy, TileStart<S> start,
                              S* scratch) {
  const Index width = width_for_rows<S>(rows);  // a power of two
  // Packing pays where columns of A lie pages apart and are used often.
  const bool far_apart = lda * Index{sizeof(S)} >= 2048 && n >= 8 * tile_columns;
  const bool ragged = (rows & (width - 1)) != 0;  // packed with zeros up to a whole register
  if (start.bias != nullptr) start.bias += i;
  if (From == Source::AsIs && !far_apart && !ragged) {
    rows_product(rows, n, k, a + i, lda, b, y + i, ldy, start);
    return;
  }
  for (Index depth = 0; depth < k; depth += panel_depth) {
    const Index steps = (std::min)(panel_depth, k - depth);
    const Index stride = (rows + width - 1) & -width;
    if constexpr (From == Source::Transposed) {
      pack_transposed(rows, steps, a + i * lda + depth, lda, scratch, stride);
    } else {
      pack(rows, steps, a + depth * lda + i, lda, scratch, stride);
    }
    rows_product(rows, n, steps, static_cast<const S*>(scratch), stride,
                 {b.data + depth * b.row, b.row, b.column}, y + i, ldy, start);
    start = {nullptr, true};
  }
}

/// What is done to rows of Y while they are in the cache: y ← function(y, x). One type for all
/// functions, so that the products are compiled once a scalar.
template <Real S>
struct BlockFunction {
  const void* function = nullptr;
  void (*apply)(const void* function, Index rows, Index n, S* y, Index ldy, const S* x,
                Index ldx) = nullptr;
  const S* x = nullptr;
  Index ldx = 0;

  /// For `rows` rows from `row` on, of n columns.
  void operator()(Index row, Index rows, Index n, S* y, Index ldy) const {
    if (apply != nullptr) (*apply)(function, rows, n, y + row, ldy, x + row, ldx);
  }
};

/// Y (m × n) ← done(start + A·B)
template <Source From, Real S>
BACKFOLD_NO_INLINE void product(Index m, Index n, Index k, const S* a, Index lda,
                                const Strided<S>& b, S* y, Index ldy, const TileStart<S>& start,
                                S* scratch, const BlockFunction<S>& done) {
  if (n == 1) {
    if constexpr (From == Source::AsIs) {
      matrix_vector(m, k, a, lda, b.data, b.row, y, start);
    } else {
      transposed_matrix_vector(k, m, a, lda, b.data, y, start);
    }
    return done(0, m, 1, y, ldy);
  }
  for (Index i = 0; i < m; i += panel_rows<S>) {
    const Index rows = (std::min)(panel_rows<S>, m - i);
    panel<From>(i, rows, n, k, a, lda, b, y, ldy, start, scratch);
    done(i, rows, n, y, ldy);
  }
}

}  // namespace kernel

BACKFOLD_END_NAMESPACE
