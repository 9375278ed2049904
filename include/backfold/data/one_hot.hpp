// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "backfold/core/error.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Targets from class labels: column s is 1 at row labels[s], 0 elsewhere.
///
/// @param labels n integers, anything with size() and operator[]
/// @return classes × n, of its own memory
/// @throws std::invalid_argument naming the first label that is not in 0..classes−1
template <class S, class Labels>
Matrix<S> one_hot(const Labels& labels, Index classes) {
  static_assert(std::is_integral_v<std::remove_cvref_t<decltype(labels[0])>>,
                "backfold: labels are integers");
  if (classes < 1) fail_argument("one_hot: needs at least one class, got ", classes);
  const auto n = static_cast<Index>(labels.size());
  (void)(detail::Size(classes) * n).value("one_hot: ", classes, " classes of ", n, " labels");
  Matrix<S> targets = (Matrix<S>::Zero)(classes, n);
  for (Index s = 0; s < n; ++s) {
    // Compared in its own type: an Index of 32 bits would hold a part of a larger label.
    const auto label = +labels[static_cast<std::size_t>(s)];
    if (std::cmp_less(label, 0) || std::cmp_greater_equal(label, classes)) {
      fail_argument("one_hot: label ", s, " is ", label, ", expected 0 to ", classes - 1);
    }
    targets(static_cast<Index>(label), s) = S(1);
  }
  return targets;
}

BACKFOLD_END_NAMESPACE
