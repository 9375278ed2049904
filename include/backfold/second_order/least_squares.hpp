// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "backfold/core/as_matrix.hpp"
#include "backfold/second_order/damped_qr.hpp"
#include "backfold/second_order/damping.hpp"
#include "backfold/second_order/least_squares_options.hpp"
#include "backfold/second_order/least_squares_result.hpp"
#include "backfold/second_order/residual_function.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// s² (JᵀJ)⁻¹, or an empty matrix.
template <Real S>
Matrix<S> covariance_of(Matrix<S> jacobian, double sum_of_squares) {
  const Index m = jacobian.rows();
  const Index n = jacobian.cols();
  if (m <= n) return {};
  const Vector<S> scales = jacobian.colwise().stableNorm();
  if (!(scales.minCoeff() > S(0))) return {};
  for (Index j = 0; j < n; ++j) jacobian.col(j) /= scales[j];
  const Eigen::ColPivHouseholderQR<Matrix<S>> qr(jacobian);
  if (qr.rank() < n) return {};
  Matrix<S> inverse = Matrix<S>::Identity(n, n);
  qr.matrixQR().topRows(n).template triangularView<Eigen::Upper>().solveInPlace(inverse);
  const Matrix<S> root = qr.colsPermutation() * inverse;
  Matrix<S> covariance = root * root.transpose();
  const S variance = static_cast<S>(sum_of_squares / static_cast<double>(m - n));
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < n; ++i) covariance(i, j) *= variance / (scales[i] * scales[j]);
  }
  return covariance;
}

/// A run of Levenberg-Marquardt steps.
template <class F, Real S>
class LeastSquaresRun {
 public:
  LeastSquaresRun(F& function, const Vector<S>& start, const LeastSquaresOptions& options)
      : residual_(function), options_(options), damping_(options.damping), w_(start) {
    error_ = residual_(w_, r_);
    if (r_.size() == 0) fail_argument("least_squares: there are no residuals");
    if (!is_finite(error_)) {
      fail_argument("least_squares: the residuals are not finite at the start");
    }
    first_length_ = length_of(r_);
    if (!residual_.jacobian(w_, jacobian_)) {
      fail_argument("least_squares: the Jacobian is not finite at the start");
    }
  }

  LeastSquaresResult<S> run() {
    LeastSquaresResult<S> result;
    bool should_continue = true;
    while (should_continue) {
      ++result.iterations;
      should_continue = improve();
      if (should_continue && result.iterations == options_.iterations) {
        status_ = LeastSquaresStatus::Iterations;
        should_continue = false;
      }
    }
    result.w = w_;
    const auto scale = static_cast<double>(residual_.scale());
    result.sum_of_squares = 2 * error_ / scale / scale;
    result.evaluations = residual_.evaluations();
    result.status = status_;
    result.covariance = covariance_of<S>((std::move)(jacobian_), 2 * error_);
    return result;
  }

 private:
  static constexpr double epsilon = std::numeric_limits<S>::epsilon();
  static constexpr double least_gain = 1e-4;          ///< of an accepted step
  static constexpr double longest_correction = 0.75;  ///< relative to the step
  static constexpr double probe = 0.02;      ///< relative to the step, for the second derivative
  static constexpr double least_bent = 1e6;  ///< corrected step, in rounding errors
  /// Fraction of its value to which a scale may fall per step. Moré's scales never fall: if J is
  /// far larger at the start than elsewhere, they would keep all later steps short.
  static constexpr S kept_scale = S(0.7);

  bool end(LeastSquaresStatus status) {
    status_ = status;
    return false;
  }

  /// One step, with damping raised until E decreases. @return false at the end
  bool improve() {
    if (error_ == 0) return end(LeastSquaresStatus::Exact);
    set_scales();
    solver_.factorise(jacobian_, scales_);
    while (!damping_.is_exhausted()) {
      solver_.damp(damping_.value());
      const Vector<S> scaled_step = solver_.solve(r_);
      step_ = scaled_step.cwiseQuotient(scales_);
      slope_.noalias() = jacobian_ * step_;
      const double promised = slope_.template cast<double>().squaredNorm() / 2 +
                              damping_.value() * scaled_step.template cast<double>().squaredNorm();
      if (!(promised > options_.gain_tolerance * epsilon * error_)) {
        return end(LeastSquaresStatus::SmallGain);
      }
      if (is_too_short()) {
        if (damping_.lower()) continue;
        return end(is_optimum() ? LeastSquaresStatus::SmallStep : LeastSquaresStatus::Stalled);
      }
      if (correct(scaled_step) && take(promised)) return true;
      damping_.reject();
    }
    return end(LeastSquaresStatus::Stalled);
  }

  /// D: the norms of J's columns, with a bound on their decrease per step. A parameter without
  /// effect gets 1.
  void set_scales() {
    const bool is_first = scales_.size() == 0;
    if (is_first) scales_.setZero(w_.size());
    for (Index j = 0; j < w_.size(); ++j) {
      const S norm = jacobian_.col(j).stableNorm();
      scales_[j] = (std::max)(norm, kept_scale * scales_[j]);
      if (!(scales_[j] > S(0))) scales_[j] = S(1);
    }
  }

  [[nodiscard]] bool is_too_short() const {
    const S tolerance = static_cast<S>(options_.step_tolerance * epsilon);
    return (step_.array().abs() <= tolerance * w_.array().abs()).all();
  }

  /// True if the step without damping, which leaves out directions that J hardly depends on, would
  /// gain no more than rounding of E, or be no longer than rounding of w and of a differenced
  /// Jacobian. Else only damping keeps steps short, because longer ones fail.
  [[nodiscard]] bool is_optimum() {
    solver_.damp(epsilon);
    const Vector<S> scaled_step = solver_.solve(r_);
    slope_.noalias() = jacobian_ * scaled_step.cwiseQuotient(scales_);
    return slope_.template cast<double>().squaredNorm() / 2 <= std::sqrt(epsilon) * error_ ||
           length_of(scaled_step) <= std::cbrt(epsilon) * distance_from_zero();
  }

  static double length_of(const Vector<S>& v) { return static_cast<double>(v.stableNorm()); }
  /// ‖D w‖, in the unit of scaled steps.
  [[nodiscard]] double distance_from_zero() const { return length_of(w_.cwiseProduct(scales_)); }

  /// Adds ½a to the step v, where a solves J a = −r'' for the second derivative r'' along v: the
  /// step follows the curvature of r, not only its tangent. @return false if a is so long that v is
  /// unreliable
  bool correct(const Vector<S>& scaled_step) {
    // The second difference along a short step consists of rounding errors, in float always: those
    // of w, and of terms of the residuals as large as the first residuals.
    if (!options_.acceleration || !std::is_same_v<S, double>) return true;
    const double rounding = epsilon * (first_length_ + distance_from_zero());
    if (!(length_of(scaled_step) > least_bent * rounding)) return true;
    trial_ = w_ + static_cast<S>(probe) * step_;
    if (!is_finite(residual_(trial_, trial_r_))) return false;
    bend_ = static_cast<S>(2 / probe) * ((trial_r_ - r_) / static_cast<S>(probe) - slope_);
    const Vector<S> correction = solver_.solve(bend_);
    const S bound = static_cast<S>(longest_correction) * scaled_step.stableNorm();
    if (!(correction.stableNorm() <= bound)) return false;
    step_ += correction.cwiseQuotient(scales_) / S(2);
    return true;
  }

  /// Accepts the step if the decrease of E is a sufficient part of the predicted one.
  bool take(double promised) {
    trial_ = w_ + step_;
    const double error = residual_(trial_, trial_r_);
    const double gain = (error_ - error) / promised;
    if (!(gain > least_gain) || !residual_.jacobian(trial_, trial_jacobian_)) return false;
    w_.swap(trial_);
    r_.swap(trial_r_);
    jacobian_.swap(trial_jacobian_);
    error_ = error;
    damping_.accept(gain);
    return true;
  }

  ResidualFunction<F, S> residual_;
  LeastSquaresOptions options_;
  Damping damping_;
  DampedQr<S> solver_;
  LeastSquaresStatus status_{};
  double error_ = 0, first_length_ = 0;  ///< first: of r
  Vector<S> w_, r_, scales_, step_, slope_, bend_, trial_, trial_r_;
  Matrix<S> jacobian_, trial_jacobian_;
};

}  // namespace detail

/// Nonlinear least squares without a network: w with the least E = ½ Σ_i r_i(w)², by
/// Levenberg-Marquardt steps
///
///     (JᵀJ + μD²) Δw = −Jᵀr,   J = ∂r/∂w,
///
/// with scales D from the norms of J's columns, each system solved by QR, and a correction of the
/// second order to each step (geodesic acceleration). J comes from the residual, or from central
/// differences.
///
///     auto residual = [&](const Eigen::VectorXd& w, Eigen::VectorXd& r) {
///       r = w[0] * (1 - (-w[1] * x).exp()) - y;                  // x, y: ArrayXd
///     };
///     const auto fit = bf::least_squares(residual, Eigen::Vector2d(500, 0.0001));
///
/// @param residual as `ResidualVector`; if a number is not finite, a shorter step is tried
/// @param start the initial w, a vector
/// @return w, Σ r², counts, the reason for the end, and the covariance of w
/// @throws std::invalid_argument for options out of range, no parameters, no residuals, sizes that
/// change, or numbers that are not finite at the start
///
/// Source: Moré, The Levenberg-Marquardt algorithm (1978); Nielsen, Damping parameter in
/// Marquardt's method (1999); Transtrum & Sethna, Improvements to the Levenberg-Marquardt algorithm
/// for nonlinear least-squares minimization (2012). Differs: Moré's scales never fall; these may
/// fall to 0.7 of their value per step.
template <class F, class W>
[[nodiscard]] LeastSquaresResult<typename W::Scalar> least_squares(
    F&& residual, const Eigen::DenseBase<W>& start, const LeastSquaresOptions& options = {}) {
  using S = typename W::Scalar;
  constexpr bool is_real = Real<S> && W::IsVectorAtCompileTime;
  static_assert(is_real, "backfold: least_squares begins at a vector of float or double");
  if constexpr (is_real) {
    static_assert(ResidualVector<F, S>,
                  "backfold: a residual is called with (w, r), or with (w, r, J): vectors of the "
                  "start's scalar, J a pointer to a matrix");
    if constexpr (ResidualVector<F, S>) {
      (options.check)();
      if (start.size() == 0) fail_argument("least_squares: there are no parameters");
      const Vector<S> w = detail::as_matrix(start).reshaped();
      return detail::LeastSquaresRun<std::remove_reference_t<F>, S>(residual, w, options).run();
    }
  }
}

BACKFOLD_END_NAMESPACE
