// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/class_of.hpp"
#include "backfold/metric/metric.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// @throws std::invalid_argument with the index of the first target that names no class
template <class Z, class Weights>
void check_target_classes(const Eigen::MatrixBase<Z>& targets, const Weights& weights) {
  const bool one_row = targets.rows() == 1;
  for (Index c = 0; c < targets.cols(); ++c) {
    if (weights.of(c) == 0) continue;
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

/// Checks outputs and targets of classes: equal sizes, finite, each target names a class.
template <class Y, class Z, class Weights>
void check_classes(const char* metric, const Eigen::MatrixBase<Y>& outputs,
                   const Eigen::MatrixBase<Z>& targets, const Weights& weights) {
  if (outputs.rows() == 0 && targets.rows() == 0) fail_argument(metric, ": no classes");
  check_outputs(metric, outputs, targets, weights);
  check_target_classes(targets, weights);
}

}  // namespace detail

/// Counts of samples by true class (row) and predicted class (column), and the metrics derived from
/// them.
///
/// Outputs are classes × n, the largest (the first of several) is the prediction; or 1 × n for the
/// two classes no and yes, yes if above ½. Targets are classes × n, one-hot (a distribution, or 1
/// and −1, also serves); or 1 × n, 0 to 1.
class ConfusionMatrix : public detail::TakesBatches<ConfusionMatrix> {
 public:
  /// @throws std::invalid_argument if sizes differ, there are no classes, a number is not finite,
  /// or a target names no class: a row of labels, other numbers than those above, or a column
  /// without a unique largest number
  using detail::TakesBatches<ConfusionMatrix>::add;

  [[nodiscard]] Index classes() const { return counts_.rows(); }
  /// Sums of weights; without weights, numbers of samples. Empty before the first batch.
  [[nodiscard]] const Matrix<double>& counts() const { return counts_; }

  /// Fraction of samples predicted right.
  /// @throws std::invalid_argument without samples, as the functions below
  [[nodiscard]] double accuracy() const {
    double right = 0, all = 0;
    for (Index k = 0; k < classes(); ++k) {
      right += counts_(k, k);
      all += row_sum(k);
    }
    return right / some(all);
  }

  /// Fraction of the samples predicted as class k that belong to it; 0 if there are none.
  [[nodiscard]] double precision(Index k) const {
    check_class(k);
    return ratio(counts_(k, k), column_sum(k));
  }
  /// Fraction of the samples of class k that are predicted as class k; 0 if there are none.
  [[nodiscard]] double recall(Index k) const {
    check_class(k);
    return ratio(counts_(k, k), row_sum(k));
  }
  /// The harmonic mean of precision and recall.
  [[nodiscard]] double f1(Index k) const {
    check_class(k);
    return ratio(2 * counts_(k, k), row_sum(k) + column_sum(k));
  }

  /// Unweighted means over the classes.
  [[nodiscard]] double macro_precision() const {
    return macro([this](Index k) { return precision(k); });
  }
  [[nodiscard]] double macro_recall() const {
    return macro([this](Index k) { return recall(k); });
  }
  [[nodiscard]] double macro_f1() const {
    return macro([this](Index k) { return f1(k); });
  }

 private:
  friend detail::TakesBatches<ConfusionMatrix>;

  template <class Y, class Z, class Weights>
  void take(const Eigen::MatrixBase<Y>& outputs, const Eigen::MatrixBase<Z>& targets,
            const Weights& weights) {
    detail::check_classes("confusion_matrix", outputs, targets, weights);
    const Index classes = (std::max)(outputs.rows(), Index{2});
    if (counts_.size() == 0) counts_.setZero(classes, classes);
    detail::check_rows("confusion_matrix", classes, counts_.rows());
    for (Index s = 0; s < outputs.cols(); ++s) {
      if (weights.of(s) == 0) continue;
      counts_(detail::class_of(targets, s), detail::class_of(outputs, s)) += weights.of(s);
    }
  }

  static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }
  static double some(double all) {
    if (!(all > 0)) fail_argument("confusion_matrix: no samples");
    return all;
  }

  void check_class(Index k) const {
    if (k < 0 || k >= classes()) {
      fail_argument("confusion_matrix: no class ", k, " of ", classes());
    }
  }
  [[nodiscard]] double row_sum(Index k) const {
    double sum = 0;
    for (Index i = 0; i < classes(); ++i) sum += counts_(k, i);
    return sum;
  }
  [[nodiscard]] double column_sum(Index k) const {
    double sum = 0;
    for (Index i = 0; i < classes(); ++i) sum += counts_(i, k);
    return sum;
  }

  template <class Of>
  [[nodiscard]] double macro(const Of& of) const {
    double sum = 0, all = 0;
    for (Index k = 0; k < classes(); ++k) {
      sum += of(k);
      all += row_sum(k);
    }
    (void)some(all);
    return sum / static_cast<double>(classes());
  }

  Matrix<double> counts_;
};

/// Fraction of samples predicted right: the class of the largest output or, with one output, yes if
/// above ½. Outputs and targets as for ConfusionMatrix.
class Accuracy : public detail::TakesBatches<Accuracy> {
 public:
  /// @throws std::invalid_argument as ConfusionMatrix::add
  using detail::TakesBatches<Accuracy>::add;

  /// @throws std::invalid_argument if there are no samples
  [[nodiscard]] double value() const {
    if (!(all_ > 0)) fail_argument("accuracy: no samples");
    return right_ / all_;
  }

 private:
  friend detail::TakesBatches<Accuracy>;

  template <class Y, class Z, class Weights>
  void take(const Eigen::MatrixBase<Y>& outputs, const Eigen::MatrixBase<Z>& targets,
            const Weights& weights) {
    detail::check_classes("accuracy", outputs, targets, weights);
    for (Index s = 0; s < outputs.cols(); ++s) {
      const double weight = weights.of(s);
      if (weight == 0) continue;
      all_ += weight;
      if (detail::class_of(outputs, s) == detail::class_of(targets, s)) right_ += weight;
    }
  }

  double right_ = 0, all_ = 0;
};

/// Precision: the fraction of the samples predicted as a class that belong to it, averaged over the
/// classes. A class that is never predicted counts as 0.
struct Precision : ConfusionMatrix {
  [[nodiscard]] double value() const { return macro_precision(); }
  [[nodiscard]] double value(Index k) const { return precision(k); }
};

/// Recall: the fraction of the samples of a class that are predicted as that class, averaged over
/// the classes.
struct Recall : ConfusionMatrix {
  [[nodiscard]] double value() const { return macro_recall(); }
  [[nodiscard]] double value(Index k) const { return recall(k); }
};

/// F1: the harmonic mean of precision and recall, averaged over the classes.
struct F1Score : ConfusionMatrix {
  [[nodiscard]] double value() const { return macro_f1(); }
  [[nodiscard]] double value(Index k) const { return f1(k); }
};

/// Counts of samples by true class (row) and predicted class (column). With one output: 2 × 2, for
/// no and yes. Outputs and targets as for ConfusionMatrix, which counts batch by batch.
/// @throws std::invalid_argument as ConfusionMatrix::add
/// @tparam Count a parameter, so that only programs with such a matrix compile its expressions
template <class Y, class Z, class Count = Index>
[[nodiscard]] Matrix<Count> confusion_matrix(const Eigen::DenseBase<Y>& outputs,
                                             const Eigen::DenseBase<Z>& targets) {
  ConfusionMatrix matrix;
  matrix.add(outputs, targets);
  return matrix.counts().template cast<Count>();
}

/// Fraction of samples predicted right. Outputs and targets as for ConfusionMatrix.
/// @throws std::invalid_argument as ConfusionMatrix::add, and if there are no samples
template <class Y, class Z>
[[nodiscard]] double accuracy(const Eigen::DenseBase<Y>& outputs,
                              const Eigen::DenseBase<Z>& targets) {
  if (outputs.cols() == 0) fail_argument("accuracy: no samples");
  Accuracy metric;
  metric.add(outputs, targets);
  double fraction = metric.value();
  BACKFOLD_ROUND(fraction)
  return fraction;
}

BACKFOLD_END_NAMESPACE
