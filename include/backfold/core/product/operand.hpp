// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "backfold/core/long_sum.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if a matrix is a contiguous row. Branches for it are compiled only if `may_be_row`.
template <class M>
BACKFOLD_ALWAYS_INLINE bool is_contiguous_row(const M& matrix) {
  return matrix.rows() == 1 && matrix.outerStride() == 1;
}
template <class M>
inline constexpr bool may_be_row = M::RowsAtCompileTime == 1 || M::RowsAtCompileTime == Dynamic;

/// View with dynamic sizes.
template <class View>
auto plain(const View& view) {
  using T = std::remove_pointer_t<decltype(view.data())>;
  return MatrixView<T>(view.data(), view.rows(), view.cols(), view.outerStride());
}

/// True if sums of `terms` terms, a constant or Dynamic, may be long.
constexpr bool may_be_long(Index terms) { return terms == Dynamic || terms > longest_plain_sum; }

}  // namespace detail

BACKFOLD_END_NAMESPACE
