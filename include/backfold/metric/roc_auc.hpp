// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backfold/metric/classification.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Area under the receiver operating characteristic: the probability that a sample of the class has
/// a larger output than a sample of another; equal outputs count half.
///
/// With one output it compares yes with no; otherwise each class with all others, and takes the
/// mean over the classes. It depends only on the order of the outputs, so net inputs serve as well
/// as probabilities. It stores all outputs, 8 bytes a number, and sorts them in `value`.
///
/// Source: Hanley & McNeil, The meaning and use of the area under a ROC curve (1982).
class RocAuc : public detail::TakesBatches<RocAuc> {
 public:
  /// Outputs and targets as for ConfusionMatrix.
  /// @throws std::invalid_argument as ConfusionMatrix::add
  using detail::TakesBatches<RocAuc>::add;

  /// @throws std::invalid_argument if a class has no samples, or has all
  [[nodiscard]] double value() const {
    if (rows_ < 2) return value(0);
    double sum = 0;
    for (Index k = 0; k < rows_; ++k) sum += value(k);
    return sum / static_cast<double>(rows_);
  }

  /// Area for the class of row k against all others.
  [[nodiscard]] double value(Index k) const {
    if (kept_.empty()) fail_argument("roc_auc: no samples");
    if (k < 0 || k >= rows_) fail_argument("roc_auc: no row ", k, " of ", rows_);
    std::vector<Sample> samples = kept_;
    for (std::size_t s = 0; s < samples.size(); ++s) {
      samples[s].output =
          outputs_[s * static_cast<std::size_t>(rows_) + static_cast<std::size_t>(k)];
    }
    std::sort(samples.begin(), samples.end(),
              [](const Sample& a, const Sample& b) { return a.output < b.output; });
    const Index wanted = rows_ == 1 ? 1 : k;
    double area = 0, below = 0, of_class = 0;
    for (std::size_t begin = 0, end = 0; begin < samples.size(); begin = end) {
      double positive = 0, negative = 0;  // of equal outputs
      for (; end < samples.size() && samples[end].output == samples[begin].output; ++end) {
        (samples[end].label == wanted ? positive : negative) += samples[end].weight;
      }
      area += positive * (below + negative / 2);
      below += negative;
      of_class += positive;
    }
    if (!(below > 0 && of_class > 0)) {
      fail_argument("roc_auc: ", of_class > 0 ? "all" : "no", " samples are of class ", wanted);
    }
    return area / below / of_class;
  }

 private:
  friend detail::TakesBatches<RocAuc>;

  struct Sample {
    double output, weight;
    Index label;
  };

  template <class Y, class Z, class Weights>
  void take(const Eigen::MatrixBase<Y>& outputs, const Eigen::MatrixBase<Z>& targets,
            const Weights& weights) {
    detail::check_classes("roc_auc", outputs, targets, weights);
    if (rows_ == 0) rows_ = outputs.rows();
    detail::check_rows("roc_auc", outputs.rows(), rows_);
    for (Index s = 0; s < outputs.cols(); ++s) {
      if (weights.of(s) == 0) continue;
      kept_.push_back({0, weights.of(s), detail::class_of(targets, s)});
      for (Index i = 0; i < rows_; ++i) outputs_.push_back(static_cast<double>(outputs(i, s)));
    }
  }

  Index rows_ = 0;
  std::vector<Sample> kept_;
  std::vector<double> outputs_;
};

BACKFOLD_END_NAMESPACE
