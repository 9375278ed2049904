// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <vector>

#include "backfold/core/as_matrix.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"
#include "backfold/data/one_hot.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Weights by which all classes count equally, however many samples they have: n/(classes·n_k) for
/// class k with n_k of the n samples. Their mean over the samples is 1.
///
///     const auto of_class = bf::balanced_weights<float>(labels, 3);
///     const auto weights = bf::sample_weights(of_class, labels, 3);
///     bf::fit(net, loss, optimizer, bf::Samples(X, Z, weights));
///
/// @param labels n integers in 0..classes−1; from targets, use `labels_of(Z)`
/// @throws std::invalid_argument naming the first class without a sample, or label out of range
///
/// Source: King & Zeng, Logistic regression in rare events data (2001).
template <class S, class Labels>
[[nodiscard]] Vector<S> balanced_weights(const Labels& labels, Index classes) {
  if (classes < 1) fail_argument("balanced_weights: needs at least one class, got ", classes);
  std::vector<Index> counts(static_cast<std::size_t>(classes));
  const auto n = static_cast<Index>(labels.size());
  for (Index s = 0; s < n; ++s) {
    ++counts[static_cast<std::size_t>(detail::label_at("balanced_weights", labels, s, classes))];
  }
  Vector<S> weights(classes);
  for (Index k = 0; k < classes; ++k) {
    const Index count = counts[static_cast<std::size_t>(k)];
    if (count == 0) fail_argument("balanced_weights: class ", k, " has no sample");
    weights[k] = static_cast<S>(double(n) / (double(classes) * double(count)));
  }
  return weights;
}

/// Weight of each sample, taken from its class: E = Σ_s weight_s E_s for any loss. With
/// Reduction::Sum it equals PyTorch's losses with `weight=` and reduction='sum'. Reduction::Mean
/// divides by the number of samples with nonzero weight. (PyTorch's 'mean' divides by the number of
/// all samples in BCELoss, by the sum of their weights in CrossEntropyLoss.)
///
/// @param class_weights a number >= 0 for each class; a class of weight 0 is left out. Pass
/// `classes` as third argument to check the number of weights, which the labels do not determine
/// @param labels as for `balanced_weights`; with sequences, one for each column of the targets
/// @throws std::invalid_argument for a weight that is negative or not finite, or a label out of
/// range
template <class W, class Labels>
[[nodiscard]] Vector<typename W::Scalar> sample_weights(const Eigen::DenseBase<W>& class_weights,
                                                        const Labels& labels) {
  using S = typename W::Scalar;
  static_assert(W::IsVectorAtCompileTime, "backfold: the weights of classes are a vector");
  const Vector<S> of_class = detail::as_matrix(class_weights).reshaped();
  for (Index k = 0; k < of_class.size(); ++k) {
    if (!is_finite(of_class[k]) || of_class[k] < S(0)) {
      fail_argument("sample_weights: the weight of class ", k, " is ", double(of_class[k]),
                    ", expected a finite number >= 0");
    }
  }
  Vector<S> weights(static_cast<Index>(labels.size()));
  for (Index s = 0; s < weights.size(); ++s) {
    weights[s] = of_class[detail::label_at("sample_weights", labels, s, of_class.size())];
  }
  return weights;
}

/// Weight of each sample, with the number of classes given, as for `one_hot`.
///
/// @throws std::invalid_argument unless there is one weight for each class, or as without `classes`
template <class W, class Labels>
[[nodiscard]] Vector<typename W::Scalar> sample_weights(const Eigen::DenseBase<W>& class_weights,
                                                        const Labels& labels, Index classes) {
  if (class_weights.size() != classes) {
    fail_argument("sample_weights: expected ", classes, " weights, one for each class, got ",
                  class_weights.size());
  }
  return sample_weights(class_weights, labels);
}

BACKFOLD_END_NAMESPACE
