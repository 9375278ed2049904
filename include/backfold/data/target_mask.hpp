// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/array.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Values of targets that count as missing.
enum class Missing {
  Nothing,  ///< none: NaN in a target is an error of the data
  NaN,      ///< NaN marks a target that was not measured
};

namespace detail {

/// Weight of each single target, 0 if it is missing.
template <Real S>
struct TargetMask {
  ConstMatrixView<S> weights;  ///< of the size of the targets; without rows, all are 1
  Missing missing;

  /// Weight of `target` at this row and column.
  [[nodiscard]] S weight(const S& target, Index row, Index column) const {
    if (missing == Missing::NaN && is_nan(target)) return S(0);
    return weights.rows() == 0 ? S(1) : weights(row, column);
  }
  /// True if a column has a target that is not missing.
  [[nodiscard]] BACKFOLD_NO_INLINE bool has_target(const ConstMatrixView<S>& targets,
                                                   Index column) const {
    for (Index i = 0; i < targets.rows(); ++i) {
      if (weight(targets(i, column), i, column) != S(0)) return true;
    }
    return false;
  }
  /// Common weight of all targets of a column.
  /// @return a negative number if they differ
  [[nodiscard]] S column_weight(const S* target, Index rows, Index column) const {
    const S first = weight(target[0], 0, column);
    for (Index i = 1; i < rows; ++i) {
      if (weight(target[i], i, column) != first) return S(-1);
    }
    return first;
  }

  /// Calls f(view, column) with a view in which the missing targets of the column are replaced by
  /// one that is not missing. Allocates.
  template <class Function>
  void visit(const ConstMatrixView<S>& targets, Index column, const Function& f) const {
    Array<S> filled(targets.rows());
    fill(targets, column, filled.data());
    f(ConstMatrixView<S>(filled.data(), targets.rows(), targets.cols(), 0), column);
  }

 private:
  /// Copies a column, with its missing targets replaced by one that is not missing.
  BACKFOLD_NO_INLINE void fill(const ConstMatrixView<S>& targets, Index column, S* to) const {
    const auto is_missing = [&](Index i) { return weight(targets(i, column), i, column) == S(0); };
    Index present = 0;
    for (Index i = 0; i < targets.rows(); ++i) {
      if (!is_missing(i)) present = i;
    }
    for (Index i = 0; i < targets.rows(); ++i) to[i] = targets(is_missing(i) ? present : i, column);
  }
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
