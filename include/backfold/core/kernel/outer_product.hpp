// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/kernel/panel.hpp"

/// Sums over the columns of two matrices, D·Xᵀ: A·B where the rows of B are contiguous. Both
/// factors are read with the stride of their columns and the sums are long (the gradient of a
/// recurrent layer sums over all steps), so the depth is cut into blocks that stay in the cache.

BACKFOLD_BEGIN_NAMESPACE

namespace kernel {

/// Upper bound on the rows of A that are packed at once; for each such block B is packed again.
/// With panel_depth terms they take 400 KiB with AVX-512 and 200 KiB with AVX2, to stay in a
/// second-level cache.
template <Real S>
inline constexpr Index block_rows = 11 * panel_rows<S>;

/// Upper bound on the terms that one block sums if nothing is packed.
inline constexpr Index whole_depth = 512;

/// Columns of B that are packed at once. All panels of A are read from the second-level cache for
/// each such group.
inline constexpr Index group_columns = 4 * tile_columns;

/// Upper bound on the numbers packed at once from an m × k matrix A.
template <Real S>
constexpr Index packed_rows_size(Index m, Index k) {
  const Index rows = (m + native_width<S> - 1) / native_width<S> * native_width<S>;
  return (std::max)((std::min)(rows, block_rows<S>)*(std::min)(k, panel_depth),
                    (std::min)(rows, panel_rows<S>)*(std::min)(k, whole_depth));
}

/// True if A has so few rows that they fill at most half a register, and B more columns.
template <Real S>
constexpr bool has_few_rows(Index m, Index n) {
  return m <= native_width<S> / 2 && n >= 2 * m;
}

/// Upper bound on the sums that `outer_few_rows` keeps transposed, for at most m rows, n columns.
template <Real S>
constexpr Index few_rows_size(Index m, Index n) {
  return (std::min)(m, Index{native_width<S> / 2}) * (std::min)(n, panel_rows<S>);
}

/// Upper bound on the scratch, in numbers, for at most m × n sums of k terms.
template <Real S>
constexpr Index outer_scratch(Index m, Index n, Index k) {
  using namespace backfold::detail;
  const Index packed =
      packed_rows_size<S>(m, k) +
      packed_columns_size((std::min)(k, panel_depth), (std::min)(n, group_columns)) +
      (k > 1 ? few_rows_size<S>(m, n) : 0);
  if (k <= longest_plain_sum) return packed;
  const Index blocks = 1 + RunSums<S>::levels(k);
  return packed + blocks * (std::min)(m, block_rows<S>)*(std::min)(n, deep_columns);
}

/// A block of rows of A, read in place or packed by the first product that reads them.
template <Real S>
struct LeftBlock {
  const S* a;
  Index lda;
  S* packed;
  bool packs;  ///< packs all panels, not only one whose rows do not fill their last register

  /// Y ← start + A·B for n columns. @param first whether these are the first columns
  void times(Index m, Index n, Index k, const Strided<S>& b, bool first, S* y, Index ldy,
             const InitialValue<S>& start) const {
    for (Index i = 0, rows; i < m; i += rows) {
      rows = rows_of_panel<S>(m - i);
      const Index width = width_for_rows<S>(rows);  // a power of two
      const S* from = a + i;
      Index stride = lda;
      if (packs || (rows & (width - 1)) != 0) {
        S* const to = packs ? packed + i * k : packed;
        stride = (rows + width - 1) & -width;
        if (first) pack(rows, k, a + i, lda, to, stride);
        from = to;
      }
      rows_product(rows, n, k, from, stride, b, y + i, ldy, start);
    }
  }
};

/// Rows i..i+m of Y ← start + A·B, any number of them.
template <Real S>
BACKFOLD_NO_INLINE void outer_rows(Index i, Index m, Index n, Index k, const S* a, Index lda,
                                   const Strided<S>& b, S* y, Index ldy, InitialValue<S> start,
                                   S* scratch) {
  const bool packs_a = pays_to_pack<S>(lda, n);
  // Copying B takes longer than reading it with a stride, unless many panels use the copy.
  const bool packs_b = b.row * Index{sizeof(S)} >= 2048 && m > 3 * panel_rows<S> && k >= 128;
  const Index depth = packs_a || packs_b || k > whole_depth ? panel_depth : k;
  const Index group = packs_b ? group_columns : n;
  S* const packed_b = scratch + packed_rows_size<S>(m, k);
  for (Index first = 0; first < k; first += depth) {
    const Index steps = (std::min)(depth, k - first);
    for (Index row = i; row < i + m; row += block_rows<S>) {
      const Index rows = (std::min)(block_rows<S>, i + m - row);
      const LeftBlock<S> left{a + first * lda + row, lda, scratch, packs_a};
      for (Index j = 0; j < n; j += group) {
        const Index columns = (std::min)(group, n - j);
        Strided<S> right = b.from_row(first).from_column(j);
        if (packs_b) right = pack_columns(columns, steps, right, packed_b);
        left.times(rows, columns, steps, right, j == 0, y + j * ldy + row, ldy, start);
      }
    }
    start = {nullptr, true};
  }
}

/// Y (m × n) ← A·B for few rows, as Yᵀ ← Bᵀ·Aᵀ: the rows of Bᵀ fill whole registers. They are read
/// in place; only those of a last partial register may be packed.
template <Real S>
BACKFOLD_NO_INLINE void outer_few_rows(Index m, Index n, Index k, const S* a, Index lda,
                                       const Strided<S>& b, S* y, Index ldy, S* scratch) {
  constexpr Index width = native_width<S>;
  S* const packed = scratch + few_rows_size<S>(m, n);
  for (Index j = 0, columns; j < n; j += columns) {
    columns = (std::min)(n - j, panel_rows<S>);
    if (columns > width) columns -= columns % width;
    for (Index first = 0; first < k; first += whole_depth) {
      const Strided<S> right{a + first * lda, lda, 1};
      const LeftBlock<S> left{b.data + first * b.row + j, b.row, packed, false};
      left.times(columns, m, (std::min)(whole_depth, k - first), right, true, scratch, columns,
                 {nullptr, first > 0});
    }
    for (Index c = 0; c < columns; ++c) {
      for (Index i = 0; i < m; ++i) y[(j + c) * ldy + i] = scratch[i * columns + c];
    }
  }
}

/// Y (m × n) ← A·B
template <Real S>
BACKFOLD_NO_INLINE void outer_product(Index m, Index n, Index k, const S* a, Index lda,
                                      const Strided<S>& b, S* y, Index ldy, S* scratch) {
  if (k <= backfold::detail::longest_plain_sum) {
    if (has_few_rows<S>(m, n)) return outer_few_rows(m, n, k, a, lda, b, y, ldy, scratch);
    return outer_rows<S>(0, m, n, k, a, lda, b, y, ldy, {}, scratch);
  }
  S* const sums = scratch + packed_rows_size<S>(m, k) +
                  packed_columns_size(panel_depth, (std::min)(n, group_columns));
  for (Index i = 0; i < m; i += block_rows<S>) {
    deep_panel<S>(outer_rows<S>, (std::min)(block_rows<S>, m - i), n, k, a + i, lda, lda, b, y + i,
                  ldy, {}, scratch, sums);
  }
}

}  // namespace kernel

BACKFOLD_END_NAMESPACE
