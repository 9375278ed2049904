// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/array.hpp"
#include "backfold/core/norm.hpp"
#include "backfold/data/data_view.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Streaming mean, variance and range of each feature.
///
/// A batch takes two passes, for its mean and for the squared deviations from it, and is then
/// merged with the earlier ones. Means are stored relative to the first sample. Thus a mean that is
/// large compared with the spread costs no accuracy, and a constant feature has exactly this mean,
/// and variance 0. All arithmetic is in double.
///
/// Source: Chan, Golub & LeVeque, Algorithms for computing the sample variance (1983).
class FeatureStatistics {
 public:
  FeatureStatistics() = default;

  /// Statistics of one batch of samples.
  template <class X>
  explicit FeatureStatistics(const Eigen::DenseBase<X>& samples) {
    add(samples);
  }

  /// Adds a batch of samples. Allocates.
  /// @param samples features × n, a matrix, Map or Block of float or double
  /// @throws std::invalid_argument for a different number of features than before, and naming the
  /// first number that is infinite or NaN; the statistics are then unchanged
  template <class X>
  void add(const Eigen::DenseBase<X>& samples) {
    using S = typename X::Scalar;
    static_assert(Real<S>, "backfold: statistics are of float or double");
    const ConstMatrixView<S> x = detail::columns_of(samples);
    if (count_ > 0 && x.rows() != features()) {
      fail_argument("statistics: expected ", features(), " features, got ", x.rows());
    }
    for (Index s = 0; s < x.cols(); ++s) detail::check_column("samples", x, s);
    if (x.cols() == 0) return;
    const detail::Array<Feature> batch = of_batch(x);
    if (count_ == 0) {
      features_ = batch;
    } else {
      merge(batch, x.cols());
    }
    count_ += x.cols();
  }

  [[nodiscard]] Index features() const { return features_.size(); }
  [[nodiscard]] Index count() const { return count_; }  ///< samples so far

  [[nodiscard]] double mean(Index feature) const { return of(feature).first + of(feature).mean; }
  /// Σ (x − mean)² / n, 0 for one sample.
  [[nodiscard]] double variance(Index feature) const {
    return of(feature).squares.mean(static_cast<double>(count_));
  }
  /// √variance, also where that overflows or underflows.
  [[nodiscard]] double standard_deviation(Index feature) const {
    return of(feature).squares.root_of_mean(static_cast<double>(count_));
  }
  [[nodiscard]] double minimum(Index feature) const { return of(feature).minimum; }
  [[nodiscard]] double maximum(Index feature) const { return of(feature).maximum; }

 private:
  struct Feature {
    double first;               // of all samples
    double mean;                // relative to `first`
    detail::ScaledSum squares;  // Σ (x − mean)²
    double minimum, maximum;
  };

  [[nodiscard]] const Feature& of(Index feature) const {
    if (feature < 0 || feature >= features()) {
      fail_argument("statistics: no feature ", feature, " of ", features());
    }
    return features_.data()[feature];
  }

  template <class S>
  [[nodiscard]] detail::Array<Feature> of_batch(const ConstMatrixView<S>& x) const {
    detail::Array<Feature> batch(x.rows());
    Feature* const f = batch.data();
    for (Index i = 0; i < x.rows(); ++i) {
      f[i].minimum = f[i].maximum = static_cast<double>(x(i, 0));
      f[i].first = count_ > 0 ? features_.data()[i].first : f[i].minimum;
    }
    for (Index s = 0; s < x.cols(); ++s) {
      for (Index i = 0; i < x.rows(); ++i) {
        const double number = static_cast<double>(x(i, s));
        f[i].mean += number - f[i].first;
        f[i].minimum = (std::min)(f[i].minimum, number);
        f[i].maximum = (std::max)(f[i].maximum, number);
      }
    }
    for (Index i = 0; i < x.rows(); ++i) f[i].mean /= static_cast<double>(x.cols());
    for (Index s = 0; s < x.cols(); ++s) {
      for (Index i = 0; i < x.rows(); ++i) {
        const double deviation = (static_cast<double>(x(i, s)) - f[i].first) - f[i].mean;
        f[i].squares.add(1, deviation, deviation);
      }
    }
    return batch;
  }

  void merge(const detail::Array<Feature>& batch, Index count) {
    const double a = static_cast<double>(count_), b = static_cast<double>(count);
    for (Index i = 0; i < features(); ++i) {
      Feature& all = features_.data()[i];
      const Feature& other = batch.data()[i];
      const double distance = other.mean - all.mean;
      all.mean += distance * (b / (a + b));
      all.squares.add(other.squares.sum, other.squares.unit, other.squares.unit);
      all.squares.add(a * b / (a + b), distance, distance);
      all.minimum = (std::min)(all.minimum, other.minimum);
      all.maximum = (std::max)(all.maximum, other.maximum);
    }
  }

  Index count_ = 0;
  detail::Array<Feature> features_;
};

BACKFOLD_END_NAMESPACE
