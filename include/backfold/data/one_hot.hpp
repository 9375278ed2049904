// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "backfold/core/as_matrix.hpp"
#include "backfold/core/class_of.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Label s, checked. @throws std::invalid_argument if it is not in 0..classes−1
template <class Labels>
Index label_at(const char* who, const Labels& labels, Index s, Index classes) {
  static_assert(std::is_integral_v<std::remove_cvref_t<decltype(labels[0])>>,
                "backfold: labels are integers");
  // Compared in its own type: a 32-bit Index would truncate a larger label.
  const auto label = +labels[static_cast<std::size_t>(s)];
  if (std::cmp_less(label, 0) || std::cmp_greater_equal(label, classes)) {
    fail_argument(who, ": label ", s, " is ", label, ", expected 0 to ", classes - 1);
  }
  return static_cast<Index>(label);
}

}  // namespace detail

/// Targets from class labels: column s is 1 at row labels[s], 0 elsewhere.
///
/// @param labels n integers, anything with size() and operator[]
/// @return a matrix, classes × n
/// @throws std::invalid_argument naming the first label that is not in 0..classes−1
template <class S, class Labels>
[[nodiscard]] Matrix<S> one_hot(const Labels& labels, Index classes) {
  if (classes < 1) fail_argument("one_hot: needs at least one class, got ", classes);
  const auto n = static_cast<Index>(labels.size());
  (void)(detail::Size(classes) * n).value("one_hot: ", classes, " classes of ", n, " labels");
  Matrix<S> targets = (Matrix<S>::Zero)(classes, n);
  for (Index s = 0; s < n; ++s) {
    targets(detail::label_at("one_hot", labels, s, classes), s) = S(1);
  }
  return targets;
}

/// Inverse of one_hot, for outputs and targets: the label of each column is the row of its largest
/// number (the first of several); with a single row, 1 (yes) above ½, else 0 (no).
///
/// @param outputs classes × n
/// @throws std::invalid_argument for no rows, and naming the first number that is infinite or NaN
template <class Y>
[[nodiscard]] std::vector<Index> labels_of(const Eigen::DenseBase<Y>& outputs) {
  const auto& y = detail::as_matrix(outputs);
  if (y.rows() == 0) fail_argument("labels_of: outputs have no rows");
  std::vector<Index> labels(static_cast<std::size_t>(y.cols()));
  for (Index c = 0; c < y.cols(); ++c) {
    for (Index i = 0; i < y.rows(); ++i) {
      if (!is_finite(static_cast<double>(y(i, c)))) {
        fail_argument("labels_of: outputs hold a number that is not finite at row ", i, ", column ",
                      c);
      }
    }
    labels[static_cast<std::size_t>(c)] = detail::class_of(y, c);
  }
  return labels;
}

BACKFOLD_END_NAMESPACE
