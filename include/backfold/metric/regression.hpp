// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "backfold/core/array.hpp"
#include "backfold/core/norm.hpp"
#include "backfold/metric/metric.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Sums for each output of a regression, in double.
class RegressionSums : public TakesBatches<RegressionSums> {
 public:
  struct Output {
    double absolute;    // Σ weight |y − z|
    ScaledSum squared;  // Σ weight (y − z)²
    double mean;        // of the targets
    ScaledSum spread;   // Σ weight (z − mean)²
  };

  /// Adds a batch: outputs and targets, both outputs × n.
  /// @throws std::invalid_argument if sizes differ, from earlier batches too, there are no rows, or
  /// a number is not finite
  using TakesBatches<RegressionSums>::add;

  [[nodiscard]] Index outputs() const { return sums_.size(); }
  [[nodiscard]] Index count() const { return count_; }  ///< samples with nonzero weight

 protected:
  /// @throws std::invalid_argument without samples, or without such an output
  [[nodiscard]] const Output& of(const char* metric, Index output) const {
    if (count_ == 0) fail_argument(metric, ": no samples");
    if (output < 0 || output >= outputs()) {
      fail_argument(metric, ": no output ", output, " of ", outputs());
    }
    return sums_.data()[output];
  }
  [[nodiscard]] double weight() const { return weight_; }

  /// Mean of a metric over the outputs.
  template <class M>
  static double mean_of(const char* name, const M& metric) {
    if (metric.count() == 0) fail_argument(name, ": no samples");
    double sum = 0;
    for (Index i = 0; i < metric.outputs(); ++i) sum += metric.value(i);
    return sum / static_cast<double>(metric.outputs());
  }

 private:
  friend TakesBatches<RegressionSums>;

  template <class Y, class Z, class Weights>
  void take(const Eigen::MatrixBase<Y>& outputs, const Eigen::MatrixBase<Z>& targets,
            const Weights& weights) {
    check_outputs("regression", outputs, targets, weights);
    if (outputs.rows() == 0) fail_argument("regression: outputs have no rows");
    if (sums_.size() == 0) sums_ = Array<Output>(outputs.rows());
    check_rows("regression", outputs.rows(), sums_.size());
    for (Index s = 0; s < outputs.cols(); ++s) {
      const double w = weights.of(s);
      if (w == 0) continue;
      ++count_;
      weight_ += w;
      for (Index i = 0; i < outputs.rows(); ++i) {
        Output& o = sums_.data()[i];
        const double z = static_cast<double>(targets(i, s));
        const double error = static_cast<double>(outputs(i, s)) - z;
        o.absolute += w * std::abs(error);
        o.squared.add(w, error, error);
        // Welford's update: the mean of one sample is exact, and equal samples have a spread of
        // exactly 0.
        const double distance = count_ == 1 ? z : z - o.mean;
        o.mean += count_ == 1 ? z : distance * (w / weight_);
        if (count_ > 1) o.spread.add(w, distance, z - o.mean);
      }
    }
  }

  Index count_ = 0;
  double weight_ = 0;
  Array<Output> sums_;
};

}  // namespace detail

/// Mean absolute error: Σ weight |y − z| / Σ weight for each output, averaged over the outputs.
struct MeanAbsoluteError : detail::RegressionSums {
  [[nodiscard]] double value() const { return mean_of("mean_absolute_error", *this); }
  [[nodiscard]] double value(Index output) const {
    return of("mean_absolute_error", output).absolute / weight();
  }
};

/// Root mean squared error: √(Σ weight (y − z)² / Σ weight) for each output, averaged over the
/// outputs.
///
/// Differs: other libraries take the root after the mean over the outputs.
struct RootMeanSquaredError : detail::RegressionSums {
  [[nodiscard]] double value() const { return mean_of("root_mean_squared_error", *this); }
  [[nodiscard]] double value(Index output) const {
    return of("root_mean_squared_error", output).squared.root_of_mean(weight());
  }
};

/// Coefficient of determination R² = 1 − Σ weight (y − z)² / Σ weight (z − mean)² for each output,
/// averaged over the outputs: 1 is perfect, 0 as good as the mean of these targets.
///
/// For constant targets it is 1 if the outputs meet them, else 0, as in scikit-learn.
/// @throws std::invalid_argument (value) for fewer than two samples
struct RSquared : detail::RegressionSums {
  [[nodiscard]] double value() const { return mean_of("r_squared", *this); }
  [[nodiscard]] double value(Index output) const {
    const Output& o = of("r_squared", output);
    if (count() < 2) fail_argument("r_squared: needs two samples, got 1");
    if (!(o.spread.sum > 0)) return o.squared.sum > 0 ? 0 : 1;
    const double root = o.squared.root_of_ratio(o.spread);
    return 1 - root * root;
  }
};

/// Root mean squared error in standard deviations of the targets, √(1 − R²) for each output,
/// averaged over the outputs: 0 is perfect, 1 as good as the mean of these targets.
///
/// Differs: some authors divide by the range or the mean of the targets.
/// @throws std::invalid_argument (value) if the targets of an output are constant
struct NormalizedRootMeanSquaredError : detail::RegressionSums {
  [[nodiscard]] double value() const {
    return mean_of("normalized_root_mean_squared_error", *this);
  }
  [[nodiscard]] double value(Index output) const {
    const Output& o = of("normalized_root_mean_squared_error", output);
    if (!(o.spread.sum > 0)) {
      fail_argument("normalized_root_mean_squared_error: the targets of output ", output,
                    " are constant");
    }
    return o.squared.root_of_ratio(o.spread);
  }
};

BACKFOLD_END_NAMESPACE
