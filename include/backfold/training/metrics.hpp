// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The class that a column names: the row of its largest number, or with one row, 1 (yes) for a
/// number over ½, else 0 (no).
template <class Y>
Index class_of(const Eigen::MatrixBase<Y>& y, Index column) {
  if (y.rows() == 1) return static_cast<double>(y(0, column)) > 0.5 ? 1 : 0;
  Index at = 0;
  for (Index i = 1; i < y.rows(); ++i) {
    if (y(i, column) > y(at, column)) at = i;
  }
  return at;
}

/// @throws std::invalid_argument if a number is not finite: NaN has no place in an order
template <class Y>
void check_numbers(const char* what, const Eigen::MatrixBase<Y>& y) {
  for (Index c = 0; c < y.cols(); ++c) {
    for (Index i = 0; i < y.rows(); ++i) {
      if (!is_finite(static_cast<double>(y(i, c)))) {
        fail_argument(what, " hold a number that is not finite at row ", i, ", column ", c);
      }
    }
  }
}

/// @throws std::invalid_argument naming the first column of targets that names no class
template <class Z>
void check_target_classes(const Eigen::MatrixBase<Z>& targets) {
  const bool one_row = targets.rows() == 1;
  for (Index c = 0; c < targets.cols(); ++c) {
    const Index largest = one_row ? 0 : class_of(targets, c);
    Index as_large = 0;
    for (Index i = 0; i < targets.rows(); ++i) {
      const double z = static_cast<double>(targets(i, c));
      if (!(z <= 1 && z >= (one_row ? 0 : -1))) {
        fail_argument("targets: ", z, " at row ", i, ", column ", c,
                      one_row ? ", expected 0 (no) to 1 (yes)"
                              : ", expected a row for each class (one_hot makes them of labels)");
      }
      as_large += targets(i, c) == targets(largest, c);
    }
    if (!one_row && as_large > 1) {
      fail_argument("targets: column ", c, " names no class: its largest number, ",
                    static_cast<double>(targets(largest, c)), ", is there ", as_large, " times");
    }
  }
}

template <class Y, class Z>
void check_classes(const char* what, const Eigen::MatrixBase<Y>& outputs,
                   const Eigen::MatrixBase<Z>& targets) {
  if (outputs.rows() != targets.rows() || outputs.cols() != targets.cols()) {
    fail_argument(what, ": outputs are ", outputs.rows(), " x ", outputs.cols(), ", targets ",
                  targets.rows(), " x ", targets.cols());
  }
  if (outputs.rows() == 0) fail_argument(what, ": no classes");
  check_numbers("outputs", outputs);
  check_numbers("targets", targets);
  check_target_classes(targets);
}

}  // namespace detail

/// Counts of samples by true class (row) and predicted class (column). With one output: 2 × 2, of
/// no and yes.
///
/// @param outputs classes × n, the largest (the first of several) is the prediction; or 1 × n, yes
/// where it is over ½
/// @param targets classes × n, one-hot (a distribution, or 1 and −1 will do); or 1 × n, 0 to 1
/// @throws std::invalid_argument if their sizes differ, there is no class, a number is not finite,
/// or targets name no class: labels in a row, other numbers than those above, columns without one
/// largest number
template <class Y, class Z>
Matrix<Index> confusion_matrix(const Eigen::MatrixBase<Y>& outputs,
                               const Eigen::MatrixBase<Z>& targets) {
  detail::check_classes("confusion_matrix", outputs, targets);
  const Index classes = (std::max)(outputs.rows(), Index{2});
  Matrix<Index> counts = (Matrix<Index>::Zero)(classes, classes);
  for (Index s = 0; s < outputs.cols(); ++s) {
    ++counts(detail::class_of(targets, s), detail::class_of(outputs, s));
  }
  return counts;
}

/// The fraction of samples predicted right: of classes (the largest output), or with one output,
/// of yes or no (over ½ or not). Outputs and targets are those of `confusion_matrix`.
/// @throws std::invalid_argument as `confusion_matrix` does, and if there are no samples
template <class Y, class Z>
double accuracy(const Eigen::MatrixBase<Y>& outputs, const Eigen::MatrixBase<Z>& targets) {
  const Index n = outputs.cols();
  if (n == 0) fail_argument("accuracy: no samples");
  detail::check_classes("accuracy", outputs, targets);
  Index right = 0;
  for (Index s = 0; s < n; ++s) {
    right += detail::class_of(outputs, s) == detail::class_of(targets, s);
  }
  double fraction = static_cast<double>(right) / static_cast<double>(n);
  BACKFOLD_ROUND(fraction)
  return fraction;
}

BACKFOLD_END_NAMESPACE
