// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/kernel/matrix_vector.hpp"
#include "backfold/core/kernel/pack.hpp"

/// Products of any size, one row panel at a time; a panel is packed or read in place.

BACKFOLD_BEGIN_NAMESPACE

namespace kernel {

/// Storage of the left operand A.
enum class Operand { AsIs, Transposed };

/// Rows of the next panel when m are left. Four registers of rows are split two and two: a panel of
/// one register has too few accumulators to hide the latency of a multiply-add.
template <Real S>
constexpr Index rows_of_panel(Index m) {
  constexpr Index width = native_width<S>;
  if (m > 3 * width && m <= 4 * width) return 2 * width;
  return (std::min)(m, panel_rows<S>);
}

/// True if packing A pays: its columns are pages apart in memory and each is read often.
template <Real S>
constexpr bool pays_to_pack(Index lda, Index n) {
  return lda * Index{sizeof(S)} >= 2048 && n >= 8 * tile_columns;
}

/// Rows i..i+rows of Y ← start + A·B, rows <= panel_rows. With `Transposed`, a is Aᵀ (k rows).
template <Operand Left, Real S>
BACKFOLD_NO_INLINE void panel(Index i, Index rows, Index n, Index k, const S* a, Index lda,
                              const Strided<S>& b, S* y, Index ldy, InitialValue<S> start,
                              S* scratch) {
  const Index width = width_for_rows<S>(rows);  // a power of two
  const bool far_apart = pays_to_pack<S>(lda, n);
  const bool ragged = (rows & (width - 1)) != 0;  // packed with zeros up to a whole register
  if (start.bias != nullptr) start.bias += i;
  if (Left == Operand::AsIs && !far_apart && !ragged) {
    rows_product(rows, n, k, a + i, lda, b, y + i, ldy, start);
    return;
  }
  for (Index depth = 0; depth < k; depth += panel_depth) {
    const Index steps = (std::min)(panel_depth, k - depth);
    const Index stride = (rows + width - 1) & -width;
    if constexpr (Left == Operand::Transposed) {
      pack_transposed(rows, steps, a + i * lda + depth, lda, scratch, stride);
    } else {
      pack(rows, steps, a + depth * lda + i, lda, scratch, stride);
    }
    rows_product(rows, n, steps, static_cast<const S*>(scratch), stride, b.from_row(depth), y + i,
                 ldy, start);
    start = {nullptr, true};
  }
}

/// Function applied to rows of Y while they are in the cache: y ← function(y, x). One type for all
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

/// Columns of a deep product's blocks.
inline constexpr Index deep_columns = 128;

/// Upper bound on the scratch, in numbers, of a product of n columns and sums of k terms: a packed
/// panel and, for long sums, one block for the sums of a run and one for each digit of RunSums.
template <Real S>
constexpr Index panel_scratch(Index k, Index n) {
  using namespace backfold::detail;
  if (k <= longest_plain_sum) return panel_rows<S> * (std::min)(k, panel_depth);
  const Index blocks = 1 + RunSums<S>::levels(k);
  return panel_rows<S> * (panel_depth + blocks * (std::min)(n, deep_columns));
}

/// Rows of Y ← start + A·B for large k: run by run, for blocks of columns. a, y and start begin at
/// the first row.
/// @param a_step from a column of A to the next one
/// @param sums room for the sums of a run and for the digits of RunSums
template <Real S>
BACKFOLD_NO_INLINE void deep_panel(decltype(panel<Operand::AsIs, S>)& panel_of_run, Index rows,
                                   Index n, Index k, const S* a, Index lda, Index a_step,
                                   const Strided<S>& b, S* y, Index ldy,
                                   const InitialValue<S>& start, S* scratch, S* sums) {
  constexpr Index run = backfold::detail::longest_run;
  for (Index j = 0; j < n; j += deep_columns) {
    const Index columns = (std::min)(deep_columns, n - j);
    const Index size = rows * columns;
    S* const digits = sums + size;
    backfold::detail::RunSums<S> runs;
    for (Index first = 0; first < k; first += run) {
      panel_of_run(0, rows, columns, (std::min)(run, k - first), a + first * a_step, lda,
                   b.from_row(first).from_column(j), sums, rows, {}, scratch);
      runs.add(size, digits, sums);
    }
    for (Index c = 0; c < columns; ++c) start.write(rows, y + (j + c) * ldy, sums + c * rows);
    runs.add_total(size, digits, sums);
    for (Index c = 0; c < columns; ++c) std::copy_n(sums + c * rows, rows, y + (j + c) * ldy);
  }
}

/// Y (m × n) ← done(start + A·B)
template <Operand Left, Real S>
BACKFOLD_NO_INLINE void product(Index m, Index n, Index k, const S* a, Index lda,
                                const Strided<S>& b, S* y, Index ldy, const InitialValue<S>& start,
                                S* scratch, const BlockFunction<S>& done) {
  if (n == 1) {
    if constexpr (Left == Operand::AsIs) {
      matrix_vector(m, k, a, lda, b.data, b.row, y, start);
    } else {
      transposed_matrix_vector(k, m, a, lda, b.data, y, start);
    }
    return done(0, m, 1, y, ldy);
  }
  for (Index i = 0, rows; i < m; i += rows) {
    rows = rows_of_panel<S>(m - i);
    if (k <= backfold::detail::longest_plain_sum) {
      panel<Left>(i, rows, n, k, a, lda, b, y, ldy, start, scratch);
    } else {
      constexpr bool transposed = Left == Operand::Transposed;
      deep_panel<S>(panel<Left, S>, rows, n, k, a + (transposed ? i * lda : i), lda,
                    transposed ? 1 : lda, b, y + i, ldy, start.from_row(i), scratch,
                    scratch + panel_rows<S> * panel_depth);
    }
    done(i, rows, n, y, ldy);
  }
}

}  // namespace kernel

BACKFOLD_END_NAMESPACE
