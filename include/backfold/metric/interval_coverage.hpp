// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/array.hpp"
#include "backfold/core/as_matrix.hpp"
#include "backfold/metric/metric.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Fraction of targets inside predicted intervals, ends included. Intervals between the 5 % and the
/// 95 % quantile should cover 0.9. Of two predictors with equal coverage, the one with the smaller
/// mean width is better.
///
///     bf::IntervalCoverage coverage;
///     coverage.add(Y.topRows(1), Y.bottomRows(1), Z);    // lower ends, upper ends, targets
class IntervalCoverage {
 public:
  /// @param lower outputs × n. An interval whose lower end exceeds its upper end is empty, with
  /// negative width
  /// @param upper outputs × n
  /// @param targets outputs × n
  /// @throws std::invalid_argument if sizes differ, from earlier batches too, there are no rows, or
  /// a number is not finite
  template <class L, class U, class Z>
  void add(const Eigen::DenseBase<L>& lower, const Eigen::DenseBase<U>& upper,
           const Eigen::DenseBase<Z>& targets) {
    sum(detail::as_matrix(lower), detail::as_matrix(upper), detail::as_matrix(targets),
        detail::EqualWeights{});
  }
  template <class L, class U, class Z, class W>
  void add(const Eigen::DenseBase<L>& lower, const Eigen::DenseBase<U>& upper,
           const Eigen::DenseBase<Z>& targets, const W& weights) {
    sum(detail::as_matrix(lower), detail::as_matrix(upper), detail::as_matrix(targets),
        detail::GivenWeights{weights});
  }

  /// Mean over the outputs. @throws std::invalid_argument if there are no samples
  [[nodiscard]] double value() const { return mean(&Output::inside); }
  [[nodiscard]] double mean_width() const { return mean(&Output::width); }
  [[nodiscard]] double value(Index output) const {
    if (output < 0 || output >= sums_.size()) {
      fail_argument("interval_coverage: no output ", output, " of ", sums_.size());
    }
    check_samples();
    return sums_.data()[output].inside / weight_;
  }

 private:
  struct Output {
    double inside, width;  // sums of weights, of weight · width
  };

  void check_samples() const {
    if (!(weight_ > 0)) fail_argument("interval_coverage: no samples");
  }
  [[nodiscard]] double mean(double Output::*sum) const {
    check_samples();
    double total = 0;
    for (Index i = 0; i < sums_.size(); ++i) total += sums_.data()[i].*sum;
    return total / weight_ / static_cast<double>(sums_.size());
  }

  template <class L, class U, class Z, class Weights>
  void sum(const Eigen::MatrixBase<L>& lower, const Eigen::MatrixBase<U>& upper,
           const Eigen::MatrixBase<Z>& targets, const Weights& weights) {
    detail::check_outputs("interval_coverage", lower, targets, weights);
    detail::check_outputs("interval_coverage", upper, targets, weights);
    if (lower.rows() == 0) fail_argument("interval_coverage: outputs have no rows");
    if (sums_.size() == 0) sums_ = detail::Array<Output>(lower.rows());
    detail::check_rows("interval_coverage", lower.rows(), sums_.size());
    for (Index s = 0; s < lower.cols(); ++s) {
      const double w = weights.of(s);
      if (w == 0) continue;
      weight_ += w;
      for (Index i = 0; i < lower.rows(); ++i) {
        const double from = static_cast<double>(lower(i, s)), to = static_cast<double>(upper(i, s));
        const double z = static_cast<double>(targets(i, s));
        if (z >= from && z <= to) sums_.data()[i].inside += w;
        sums_.data()[i].width += w * (to - from);
      }
    }
  }

  double weight_ = 0;
  detail::Array<Output> sums_;
};

BACKFOLD_END_NAMESPACE
