// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <type_traits>
#include <utility>

#include "backfold/data/feature_statistics.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Kind of scaling.
enum class ScalingKind {
  Unchanged,  ///< no scaling
  Standard,   ///< mean 0, standard deviation 1
  MinMax,     ///< from `low` to `high`
};

/// Settings for scaling features.
struct ScalingOptions {
  ScalingKind kind = ScalingKind::Standard;
  double low = 0;   ///< MinMax: image of the smallest number
  double high = 1;  ///< MinMax: image of the largest number, > low
};

/// Scales each feature with parameters fitted to training data: x' = (x − center) / width + base.
///
///     const bf::Scaling inputs(X), targets(Z, {.kind = bf::ScalingKind::MinMax});
///     const Eigen::MatrixXd scaled = inputs.apply(X);        // train on it
///     Eigen::MatrixXd Y = net(inputs.apply(new_samples));
///     targets.invert_in_place(Y);                            // outputs in the targets' units
///
/// Standard: center is the mean, width the standard deviation √(Σ (x − mean)² / n), base 0. MinMax:
/// center is the smallest number, width (largest − smallest) / (high − low), base `low`. A constant
/// feature has width 1, so it becomes exactly the base, and is restored exactly. Numbers that
/// differ in the last digit are not constant.
///
/// Center, width and arithmetic are double, for float samples too: a mean that is large compared
/// with the spread, rounded to float, would shift the feature. The fit refuses numbers that are not
/// finite; in later samples they stay infinite or NaN.
class Scaling {
 public:
  /// Scales no features, until another Scaling is assigned.
  Scaling() = default;

  /// Fitted to samples.
  /// @param samples features × n, a matrix, Map or Block of float or double
  /// @throws std::invalid_argument for no samples, low >= high, naming the first number that is
  /// infinite or NaN, or a feature whose spread is not a normal double
  template <class X>
  explicit Scaling(const Eigen::DenseBase<X>& samples, const ScalingOptions& options = {})
      : Scaling(FeatureStatistics(samples), options) {}

  /// Fitted to statistics, which can be collected batch by batch.
  explicit Scaling(const FeatureStatistics& statistics, const ScalingOptions& options = {})
      : kind_(options.kind) {
    if (statistics.count() == 0) fail_argument("scaling: no samples to fit to");
    const bool from_range = kind_ == ScalingKind::MinMax;
    const double span = from_range ? options.high - options.low : 1;
    if (!(span > 0 && is_finite(span))) {
      fail_argument("scaling: needs finite low < high, got ", options.low, " and ", options.high);
    }
    center_.resize(statistics.features());
    width_.resize(statistics.features());
    base_ = from_range ? options.low : 0;
    for (Index i = 0; i < size(); ++i) {
      const double smallest = statistics.minimum(i), range = statistics.maximum(i) - smallest;
      const bool is_constant = range == 0;
      center_[i] = kind_ == ScalingKind::Unchanged ? 0 : from_range ? smallest : statistics.mean(i);
      width_[i] = kind_ == ScalingKind::Unchanged || is_constant ? 1
                  : from_range                                   ? range / span
                                                                 : statistics.standard_deviation(i);
      if (!is_normal_width(width_[i]) || !is_finite(center_[i])) {
        fail_argument("scaling: feature ", i, " lies between ", smallest, " and ",
                      statistics.maximum(i), ", a spread too ", range > 1 ? "large" : "small",
                      " to divide by");
      }
    }
  }

  /// Made from its numbers, as stored in a file.
  /// @throws std::invalid_argument for different numbers of widths and centers, a number that is
  /// not finite, or a width that is not positive
  Scaling(ScalingKind kind, Vector<double> center, Vector<double> width, double base)
      : kind_(kind), base_(base) {
    if (kind != ScalingKind::Unchanged && kind != ScalingKind::Standard &&
        kind != ScalingKind::MinMax) {
      fail_argument("scaling: no kind ", static_cast<int>(kind));
    }
    if (center.size() != width.size()) {
      fail_argument("scaling: ", center.size(), " centers, ", width.size(), " widths");
    }
    for (Index i = 0; i < center.size(); ++i) {
      if (!is_finite(center[i]) || !is_finite(base) || !is_normal_width(width[i])) {
        fail_argument("scaling: feature ", i, " has center ", center[i], ", width ", width[i],
                      " and base ", base, ", expected finite numbers and a positive width");
      }
    }
    center_.swap(center);
    width_.swap(width);
  }

  [[nodiscard]] ScalingKind kind() const { return kind_; }
  [[nodiscard]] Index size() const { return center_.size(); }  ///< features
  [[nodiscard]] const Vector<double>& center() const { return center_; }
  [[nodiscard]] const Vector<double>& width() const { return width_; }
  [[nodiscard]] double base() const { return base_; }

  /// Calls f(name, value) for the kind, the vectors and the base, which a file must store.
  template <class Function>
  void for_each_value(const Function& f) const {
    f("kind", kind_);
    f("center", center_);
    f("width", width_);
    f("base", base_);
  }

  /// x' for each column of x, with the scalar of x or the requested one:
  /// `scaling.apply<float>(table)`.
  /// @throws std::invalid_argument for a wrong number of features
  template <class S = void, class X>
  [[nodiscard]] auto(apply)(const Eigen::DenseBase<X>& x) const {
    ResultFor<S, X> result;
    write<false>(detail::columns_of(x), result);
    return result;
  }
  /// Writes to a result, which may be x. Allocates nothing if the result has the size already.
  /// @param result a matrix, or a Map or Block of the size of x, of float or double
  template <class X, class Result>
  void(apply)(const Eigen::DenseBase<X>& x, Result&& result) const {
    write<false>(detail::columns_of(x), result);
  }
  template <class X>
  void apply_in_place(X&& x) const {
    write<false>(detail::columns_of(x), x);
  }

  /// Inverse: x = (x' − base) · width + center. Otherwise as the functions above.
  template <class S = void, class X>
  [[nodiscard]] auto invert(const Eigen::DenseBase<X>& x) const {
    ResultFor<S, X> result;
    write<true>(detail::columns_of(x), result);
    return result;
  }
  template <class X, class Result>
  void invert(const Eigen::DenseBase<X>& x, Result&& result) const {
    write<true>(detail::columns_of(x), result);
  }
  template <class X>
  void invert_in_place(X&& x) const {
    write<true>(detail::columns_of(x), x);
  }

  friend bool operator==(const Scaling& a, const Scaling& b) {
    bool same = a.kind_ == b.kind_ && a.base_ == b.base_ && a.size() == b.size();
    for (Index i = 0; same && i < a.size(); ++i) {
      same = a.center_[i] == b.center_[i] && a.width_[i] == b.width_[i];
    }
    return same;
  }

 private:
  template <class S, class X>
  using ResultFor = Matrix<std::conditional_t<std::is_void_v<S>, typename X::Scalar, S>,
                           X::RowsAtCompileTime, X::ColsAtCompileTime>;

  static bool is_normal_width(double width) { return is_finite(width) && width >= 0x1p-1022; }

  template <bool Back, class S, class Result>
  void write(const ConstMatrixView<S>& x, Result& result) const {
    using To = typename Result::Scalar;
    static_assert(!std::is_const_v<Result> && (Result::Flags & Eigen::LvalueBit) != 0,
                  "backfold: the result of a scaling must be writable");
    static_assert(Real<S> && Real<To>, "backfold: a scaling is of float or double");
    if (x.rows() != size()) {
      fail_argument("scaling: fitted to ", size(), " features, got ", x.rows());
    }
    if constexpr (std::is_base_of_v<Eigen::PlainObjectBase<Result>, Result>) {
      if ((Result::RowsAtCompileTime == Dynamic || Result::RowsAtCompileTime == x.rows()) &&
          (Result::ColsAtCompileTime == Dynamic || Result::ColsAtCompileTime == x.cols())) {
        result.resize(x.rows(), x.cols());
      }
    }
    if (result.rows() != x.rows() || result.cols() != x.cols()) {
      fail_argument("scaling: the result is ", result.rows(), " x ", result.cols(),
                    ", the samples are ", x.rows(), " x ", x.cols());
    }
    const Index stride = detail::columns_of(result).outerStride();
    const double *const center = center_.data(), *const width = width_.data(), base = base_;
    for (Index s = 0; s < x.cols(); ++s) {
      const S* const from = x.column(s);
      To* const to = result.data() + s * stride;
      if (kind_ == ScalingKind::Unchanged) {
        for (Index i = 0; i < x.rows(); ++i) to[i] = static_cast<To>(from[i]);
      } else if constexpr (Back) {
        for (Index i = 0; i < x.rows(); ++i) {
          to[i] = static_cast<To>((static_cast<double>(from[i]) - base) * width[i] + center[i]);
        }
      } else {
        for (Index i = 0; i < x.rows(); ++i) {
          to[i] = static_cast<To>((static_cast<double>(from[i]) - center[i]) / width[i] + base);
        }
      }
    }
  }

  ScalingKind kind_ = ScalingKind::Unchanged;
  Vector<double> center_, width_;
  double base_ = 0;
};

BACKFOLD_END_NAMESPACE
