// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/data/samples.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Mean, variance and range of each feature, over samples that come batch by batch.
///
/// A batch takes two passes, its mean and the squared deviations from that, and is then merged into
/// what came before. Means are kept as distances from the first sample, so that a mean that is
/// large beside the spread costs no accuracy, and a feature of equal numbers has exactly that mean,
/// and variance 0. Everything is in double.
///
/// Source: Chan, Golub & LeVeque, Algorithms for computing the sample variance (1983).
class FeatureStatistics {
 public:
  FeatureStatistics() = default;

  /// The statistics of samples that are all there.
  template <class X>
  explicit FeatureStatistics(const Eigen::DenseBase<X>& samples) {
    add(samples);
  }

  /// Takes further samples. It allocates.
  /// @param samples features × n, a matrix, Map or Block of float or double
  /// @throws std::invalid_argument for another number of features than before, and naming the first
  /// number that is infinite or NaN; the statistics are then as before
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
    if (count_ == 0) {
      *this = FeatureStatistics(x);
    } else {
      merge(FeatureStatistics(x, first_));
    }
  }

  Index features() const { return first_.size(); }
  Index count() const { return count_; }  ///< samples so far
  Vector<double> mean() const { return first_ + mean_; }
  const Vector<double>& minimum() const { return minimum_; }
  const Vector<double>& maximum() const { return maximum_; }

  /// Σ (x − mean)² / n of a feature, 0 for one sample.
  double variance(Index feature) const {
    return count_ > 0 ? squares_[feature] / static_cast<double>(count_) : 0;
  }

 private:
  /// Of a batch, with its first sample in the place of the first of all.
  template <class S>
  explicit FeatureStatistics(const ConstMatrixView<S>& x)
      : FeatureStatistics(x, x.eigen().col(0).template cast<double>()) {}

  template <class S>
  FeatureStatistics(const ConstMatrixView<S>& x, const Vector<double>& first)
      : count_(x.cols()),
        first_(first),
        mean_((Vector<double>::Zero)(x.rows())),
        squares_((Vector<double>::Zero)(x.rows())),
        minimum_(x.eigen().col(0).template cast<double>()),
        maximum_(minimum_) {
    const double n = static_cast<double>(count_);
    for (Index s = 0; s < x.cols(); ++s) {
      for (Index i = 0; i < x.rows(); ++i) {
        const double number = static_cast<double>(x(i, s));
        mean_[i] += number - first_[i];
        minimum_[i] = (std::min)(minimum_[i], number);
        maximum_[i] = (std::max)(maximum_[i], number);
      }
    }
    mean_ /= n;
    Vector<double> sums = (Vector<double>::Zero)(x.rows());
    for (Index s = 0; s < x.cols(); ++s) {
      for (Index i = 0; i < x.rows(); ++i) {
        const double deviation = (static_cast<double>(x(i, s)) - first_[i]) - mean_[i];
        squares_[i] += deviation * deviation;
        sums[i] += deviation;
      }
    }
    // The deviations sum to what rounding took from the mean.
    squares_.array() -= sums.array().square() / n;
    squares_ = squares_.cwiseMax(0.0);
  }

  void merge(const FeatureStatistics& other) {
    const double a = static_cast<double>(count_), b = static_cast<double>(other.count_);
    for (Index i = 0; i < features(); ++i) {
      const double distance = other.mean_[i] - mean_[i];
      mean_[i] += distance * (b / (a + b));
      squares_[i] += other.squares_[i] + distance * distance * (a * b / (a + b));
    }
    minimum_ = minimum_.cwiseMin(other.minimum_);
    maximum_ = maximum_.cwiseMax(other.maximum_);
    count_ += other.count_;
  }

  Index count_ = 0;
  Vector<double> first_;    // sample
  Vector<double> mean_;     // distance from it
  Vector<double> squares_;  // Σ (x − mean)²
  Vector<double> minimum_, maximum_;
};

BACKFOLD_END_NAMESPACE
