// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/elementwise.hpp"

/// The register-tiled product that all matrix-matrix products use: Y ← start + A·B, with the
/// columns of A contiguous and B reached by two strides, so that W·X (B = X) and D·Xᵀ (B = Xᵀ) are
/// one kernel. Compiled once per scalar type: the caller applies the function to the products,
/// block by block while they are in the cache.

BACKFOLD_BEGIN_NAMESPACE

namespace kernel {

/// Registers of rows, and columns, of a tile. Accumulators, a register for each of A's rows and one
/// for the broadcast of B together fill the register file (Eigen's count of it).
inline constexpr int tile_rows = 3;
inline constexpr int tile_columns = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 4;

/// B(k, j) = data[k·row + j·column] within a tile of columns; the next tile is `next_tile` away.
template <Real S>
struct Strided {
  const S* data;
  Index row;
  Index column;
  Index next_tile = tile_columns * column;

  /// The matrix from row i on.
  [[nodiscard]] Strided from_row(Index i) const { return {data + i * row, row, column, next_tile}; }
  /// The matrix from column j on.
  [[nodiscard]] Strided from_column(Index j) const {
    return {data + j / tile_columns * next_tile + j % tile_columns * column, row, column,
            next_tile};
  }
};

/// Initial value of the accumulators: a column of biases, the present output, both or neither.
template <Real S>
struct InitialValue {
  const S* bias = nullptr;  ///< a column, or none
  bool add = false;         ///< adds to the present values of Y

  /// For row i of a column, where y holds its number.
  [[nodiscard]] S at(const S* number, Index i) const {
    return bias != nullptr ? bias[i] : add ? *number : S(0);
  }
  /// For rows i.. of a column y.
  template <class V, class Count>
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE V at(const S* y, Index i, Count count) const {
    if (bias != nullptr) return backfold::detail::load_strip<V>(bias + i, count);
    return add ? backfold::detail::load_strip<V>(y + i, count) : V(0);
  }
  /// Start of the rows from i on.
  [[nodiscard]] InitialValue from_row(Index i) const {
    return {bias != nullptr ? bias + i : nullptr, add};
  }
  /// to ← start, for the m rows of a column y.
  void write(Index m, const S* y, S* to) const {
    if (bias == nullptr && !add) {
      std::fill_n(to, m, S(0));
    } else if (bias != nullptr || to != y) {
      std::copy_n(bias != nullptr ? bias : y, m, to);
    }
  }
};

/// One tile: `Rows` registers V × `Columns` columns. Only `columns` of them exist unless Whole; the
/// missing ones repeat the last. A's registers are all full; the last register of Y has `lanes`
/// rows.
template <class V, int Rows, int Columns, bool Whole, Real S>
// One register allocation for the whole tile, so one function.
// NOLINTNEXTLINE(readability-function-size,readability-function-cognitive-complexity)
BACKFOLD_ALWAYS_INLINE void tile(Index k, const S* a, Index lda, const Strided<S>& b, S* y,
                                 Index ldy, const InitialValue<S>& start, Index lanes,
                                 Index columns) {
  V sums[Rows][Columns];
  Index from[Columns];
  BACKFOLD_UNROLL
  for (int c = 0; c < Columns; ++c) {
    const Index column = Whole || c < columns ? c : columns - 1;
    from[c] = column * b.column;
    BACKFOLD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      sums[r][c] = V(0);
      Eigen::internal::prefetch(y + column * ldy + r * V::size);
    }
  }
  const S* bk = b.data;
  for (Index i = 0; i < k; ++i, a += lda, bk += b.row) {
    V rows[Rows];
    BACKFOLD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      rows[r] = V::load(a + r * V::size);
      backfold::detail::keep_in_register(rows[r].packet);
    }
    BACKFOLD_UNROLL
    for (int c = 0; c < Columns; ++c) {
      const V factor(bk[from[c]]);
      BACKFOLD_UNROLL
      for (int r = 0; r < Rows; ++r) sums[r][c] = multiply_add(rows[r], factor, sums[r][c]);
    }
  }
  // Without masked instructions the last partial register is handled scalar by scalar, which keeps
  // the code small.
  constexpr bool masks = sizeof(V) > 16 || V::size < native_width<S>;
  const bool full = lanes == V::size;
  S last[Columns][V::size];
  if (start.bias != nullptr || start.add) {
    const S* const first = start.add ? y : start.bias;
    const Index stride = start.add ? ldy : 0;
    BACKFOLD_UNROLL
    for (int c = 0; c < Columns; ++c) {
      if (!Whole && c >= columns) break;
      BACKFOLD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const S* const at = first + c * stride + r * V::size;
        if (full || r < Rows - 1) {
          sums[r][c] += V::load(at);
        } else if constexpr (masks) {
          sums[r][c] += V::load(at, lanes);
        }
      }
    }
  }
  BACKFOLD_UNROLL
  for (int c = 0; c < Columns; ++c) {
    if (!Whole && c >= columns) break;
    BACKFOLD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      S* const at = y + c * ldy + r * V::size;
      if (full || r < Rows - 1) {
        sums[r][c].store(at);
      } else if constexpr (masks) {
        sums[r][c].store(at, lanes);
      } else {
        sums[r][c].store(last[c]);
      }
    }
  }
  if constexpr (!masks) {
    if (full) return;
    constexpr Index row = (Rows - 1) * V::size;
    for (Index c = 0; c < columns && c < Columns; ++c) {
      for (Index i = 0; i < lanes; ++i) {
        S& to = y[c * ldy + row + i];
        to = last[c][i] + start.at(&to, row + i);
      }
    }
  }
}

/// Up to tile_rows registers of rows, for all columns.
template <class V, int Rows, Real S>
void row_panel(Index n, Index k, const S* a, Index lda, const Strided<S>& b, S* y, Index ldy,
               const InitialValue<S>& start, Index lanes) {
  Index j = 0;
  if constexpr (tile_columns > 4) {
    for (; j + tile_columns <= n; j += tile_columns) {
      tile<V, Rows, tile_columns, true>(k, a, lda, b.from_column(j), y + j * ldy, ldy, start, lanes,
                                        tile_columns);
    }
  }
  for (; j < n; j += 4) {
    tile<V, Rows, 4, false>(k, a, lda, b.from_column(j), y + j * ldy, ldy, start, lanes, n - j);
  }
}

/// Register width for m rows: few rows would leave wide registers half empty.
template <Real S>
constexpr Index width_for_rows(Index m) {
  Index width = native_width<S>;
  while (m <= width / 2 && width / 2 * Index{sizeof(S)} >= 16) width /= 2;
  return width;
}

/// Y (m × n) ← start + A·B for up to tile_rows registers of rows (m <= tile_rows·width). After A's
/// last row, memory must be readable up to a whole register of width_for_rows(m).
template <Real S, int Width = native_width<S>>
BACKFOLD_NO_INLINE void rows_product(Index m, Index n, Index k, const S* a, Index lda,
                                     const Strided<S>& b, S* y, Index ldy,
                                     const InitialValue<S>& start) {
  if constexpr (Width / 2 * sizeof(S) >= 16) {
    if (m <= Width / 2) return rows_product<S, Width / 2>(m, n, k, a, lda, b, y, ldy, start);
  }
  const Index registers = (m + Width - 1) / Width;
  const Index lanes = m - (registers - 1) * Width;
  auto run = [&]<int Rows>(std::integral_constant<int, Rows>) {
    row_panel<Lanes<S, Width>, Rows>(n, k, a, lda, b, y, ldy, start, lanes);
  };
  if constexpr (Width == native_width<S>) {
    if (registers == 3) return run(std::integral_constant<int, 3>{});
    if (registers == 2) return run(std::integral_constant<int, 2>{});
  }
  run(std::integral_constant<int, 1>{});
}

}  // namespace kernel

BACKFOLD_END_NAMESPACE
