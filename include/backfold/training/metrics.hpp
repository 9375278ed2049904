// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The row of the largest number of a column.
/// @throws std::invalid_argument if one is not finite: NaN has no place in an order
template <class Y>
Index largest_row(const char* what, const Eigen::MatrixBase<Y>& y, Index column) {
  Index at = 0;
  for (Index i = 0; i < y.rows(); ++i) {
    if (!is_finite(static_cast<double>(y(i, column)))) {
      fail_argument(what, " hold a number that is not finite at row ", i, ", column ", column);
    }
    if (y(i, column) > y(at, column)) at = i;
  }
  return at;
}

template <class Y, class Z>
void check_classes(const char* what, const Eigen::MatrixBase<Y>& outputs,
                   const Eigen::MatrixBase<Z>& targets) {
  if (outputs.rows() != targets.rows() || outputs.cols() != targets.cols()) {
    fail_argument(what, ": outputs are ", outputs.rows(), " x ", outputs.cols(), ", targets ",
                  targets.rows(), " x ", targets.cols());
  }
  if (outputs.rows() == 0) fail_argument(what, ": no classes");
}

}  // namespace detail

/// Counts of samples by true class (row) and predicted class (column).
///
/// @param outputs classes × n, one output a class: the largest is the prediction
/// @param targets classes × n, one-hot
/// @throws std::invalid_argument if their sizes differ, there is no class, or a number is
/// not finite
template <class Y, class Z>
Matrix<Index> confusion_matrix(const Eigen::MatrixBase<Y>& outputs,
                               const Eigen::MatrixBase<Z>& targets) {
  detail::check_classes("confusion_matrix", outputs, targets);
  Matrix<Index> counts = (Matrix<Index>::Zero)(outputs.rows(), outputs.rows());
  for (Index s = 0; s < outputs.cols(); ++s) {
    const Index predicted = detail::largest_row("outputs", outputs, s);
    ++counts(detail::largest_row("targets", targets, s), predicted);
  }
  return counts;
}

/// The fraction of samples predicted right: of classes (the largest output), or with one output,
/// of yes or no (over or under ½).
/// @throws std::invalid_argument if the sizes differ, there are no samples, or a number is
/// not finite
template <class Y, class Z>
double accuracy(const Eigen::MatrixBase<Y>& outputs, const Eigen::MatrixBase<Z>& targets) {
  const Index n = outputs.cols();
  if (n == 0) fail_argument("accuracy: no samples");
  detail::check_classes("accuracy", outputs, targets);
  Index right = 0;
  for (Index s = 0; s < n; ++s) {
    const Index predicted = detail::largest_row("outputs", outputs, s);
    const Index target = detail::largest_row("targets", targets, s);
    right +=
        outputs.rows() == 1 ? (outputs(0, s) > 0.5) == (targets(0, s) > 0.5) : predicted == target;
  }
  return static_cast<double>(right) / static_cast<double>(n);
}

BACKFOLD_END_NAMESPACE
