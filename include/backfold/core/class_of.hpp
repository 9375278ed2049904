// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Class of a column: the row of its largest number (the first of several); with one row, 1 (yes)
/// for a number above ½, else 0 (no).
template <class Y>
Index class_of(const Eigen::MatrixBase<Y>& y, Index column) {
  if (y.rows() == 1) return static_cast<double>(y(0, column)) > 0.5 ? 1 : 0;
  Index at = 0;
  for (Index i = 1; i < y.rows(); ++i) {
    if (y(i, column) > y(at, column)) at = i;
  }
  return at;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
