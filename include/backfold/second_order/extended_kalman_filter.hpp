// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "backfold/core/finite.hpp"
#include "backfold/second_order/covariance_blocks.hpp"
#include "backfold/second_order/output_jacobian.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Extended Kalman filter that estimates a network's parameters from one sample or step at a time:
/// its state is w, with covariance P, and a target z is a measurement of y = f(w, x). With the
/// Jacobian H = ∂y/∂w,
///
///     S = R + H P Hᵀ,   K = P Hᵀ S⁻¹,   w ← w + K (z − y),   P ← (P − K H P)/λ + Q
///
/// For networks of up to some hundred parameters and half squared errors, with any activation of
/// the output layer. In a linear network, without process noise, it is recursive least squares.
///
///     bf::ExtendedKalmanFilter filter(net, {.process_noise = 1e-4});
///     for (each step) filter.step(net, x, z);      // y before the update: filter.output()
///
/// Networks with delays carry their state from step to step until `reset`. Their H includes the
/// past: all of it, by real-time recurrent learning, or the last `window` steps, by
/// backpropagation. Both are equal while the window covers all steps and w does not change.
///
/// A LearntStart is part of w, and y^t depends on it as long as H includes the first step. The
/// first step after a reset starts from the LearntStart of that moment. When an update changes it
/// inside a sequence, a window that reaches back to the first step is run again from the new start;
/// real-time recurrent learning goes on from its present state, so the new start counts from the
/// next reset.
///
/// An update takes O(P²·outputs) operations, P the number of parameters; less if decoupled. It
/// allocates nothing.
///
/// Source: Singhal & Wu, Training multilayer perceptrons with the extended Kalman algorithm (1989);
/// Puskorius & Feldkamp, Neurocontrol of nonlinear dynamical systems with Kalman filter trained
/// recurrent networks (1994).
template <class Net>
class ExtendedKalmanFilter {
 public:
  using S = typename Net::Scalar;

  /// Allocates all buffers for networks of this architecture.
  /// @throws std::invalid_argument for options out of range
  explicit ExtendedKalmanFilter(const Net& net, const KalmanOptions& options = {})
      : options_(checked(net, options)),
        jacobian_(net, options_),
        covariance_(net.architecture(), options_),
        h_(net.outputs(), net.parameter_count()),
        gain_(net.parameter_count(), net.outputs()),
        rows_(net.parameter_count(), net.outputs()),
        root_(net.outputs(), net.outputs()),
        error_(net.outputs()),
        noise_(net.outputs()),
        change_(net.parameter_count()),
        process_noise_(options_.process_noise) {}

  /// Takes one step, and updates w and P by its target.
  ///
  /// @param x inputs × 1, @param z outputs × 1; a NaN is a missing target
  /// @return ½ Σ (z − y)² before the update; NaN, with w and P as before, if y, its Jacobian or the
  /// update is not finite, or P has lost its positive definiteness to rounding. The state of a
  /// recurrent network has taken the step even then: after a NaN as an input, `reset` it.
  /// @throws std::invalid_argument for wrong sizes
  template <class X, class Z>
  double step(Net& net, const Eigen::DenseBase<X>& x, const Eigen::DenseBase<Z>& z) {
    return step_with(net, x, z, [](Index) { return S(1); });
  }

  /// With a weight for each target, by which its measurement noise is divided; 0 if it is missing.
  /// @param weights outputs × 1, >= 0
  /// @return ½ Σ weight (z − y)² before the update, or NaN
  template <class X, class Z, class W>
  double step(Net& net, const Eigen::DenseBase<X>& x, const Eigen::DenseBase<Z>& z,
              const Eigen::DenseBase<W>& weights) {
    check_column("weights", weights.rows(), weights.cols());
    return step_with(net, x, z, [&](Index k) { return static_cast<S>(weights.derived()(k, 0)); });
  }

  /// Takes one step without a target: the network's state advances, w and P stay as they are.
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  void step(const Net& net, const Eigen::DenseBase<X>& x) {
    check_network(net);
    jacobian_.step(net, x);
  }

  /// Begins a new sequence: the next step starts from the LearntStart of the network, or from zero,
  /// with the sensitivities of that state; P is kept.
  void reset() { jacobian_.reset(); }

  /// Output y of the last step, before its update.
  [[nodiscard]] const Vector<S>& output() const { return jacobian_.output(); }

  /// P, parameters × parameters.
  [[nodiscard]] Matrix<S> covariance() const { return covariance_.dense(); }

  /// q of the next update.
  [[nodiscard]] double process_noise() const { return process_noise_; }

  /// True if the Jacobian is by real-time recurrent learning.
  [[nodiscard]] bool is_forward() const { return jacobian_.is_forward(); }

 private:
  static const KalmanOptions& checked(const Net& net, const KalmanOptions& options) {
    (options.check)();
    detail::check_parameters(net);
    const auto given = static_cast<Index>(options.noise_by_output.size());
    if (given != 0 && given != net.outputs()) {
      fail_argument("kalman: expected noise_by_output for ", net.outputs(), " outputs, got ",
                    given);
    }
    return options;
  }

  void check_network(const Net& net) const {
    if (net.parameter_count() != covariance_.size() || net.outputs() != error_.size()) {
      fail_argument("kalman: the filter is for ", covariance_.size(), " parameters and ",
                    error_.size(), " outputs, the network has ", net.parameter_count(), " and ",
                    net.outputs());
    }
  }
  void check_column(const char* name, Index rows, Index cols) const {
    if (rows != error_.size() || cols != 1) {
      fail_argument("kalman: expected ", name, " ", error_.size(), " x 1, got ", rows, " x ", cols);
    }
  }

  template <class X, class Z, class Weights>
  double step_with(Net& net, const Eigen::DenseBase<X>& x, const Eigen::DenseBase<Z>& z,
                   const Weights& weight) {
    static_assert(std::is_same_v<typename Z::Scalar, S>,
                  "backfold: the target is of another scalar than the network");
    check_network(net);
    check_column("a target", z.rows(), z.cols());
    jacobian_.step(net, x, h_);
    Index count = 0;
    double sum = 0;
    for (Index k = 0; k < z.rows(); ++k) {
      const S target = z.derived()(k, 0), own = weight(k);
      if (is_nan(target) || own == S(0)) continue;
      error_[count] = target - output()[k];
      noise_[count] = static_cast<S>(noise_of(k) / static_cast<double>(own));
      sum += static_cast<double>(own) * std::pow(static_cast<double>(error_[count]), 2);
      for (Index i = 0; i < rows_.rows(); ++i) rows_(i, count) = h_(k, covariance_.parameter(i));
      ++count;
    }
    if (count == 0) return 0;
    return is_finite(sum) && correct(net, count) ? sum / 2 : detail::hidden_nan();
  }

  [[nodiscard]] double noise_of(Index k) const {
    return options_.noise_by_output.empty() ? options_.measurement_noise
                                            : options_.noise_by_output[static_cast<std::size_t>(k)];
  }

  /// Updates w and P by the first `count` rows. With S = L Lᵀ and A = P Hᵀ L⁻ᵀ,
  /// K (z − y) = A L⁻¹(z − y) and K H P = A Aᵀ, which is symmetric also after rounding.
  /// @return false, with w and P as before, if a number is not finite
  bool correct(Net& net, Index count) {
    for (Index k = 0; k < count; ++k) {
      covariance_.multiply(rows_.col(k), gain_.col(k));
      for (Index i = 0; i <= k; ++i) root_(k, i) = rows_.col(k).dot(gain_.col(i));
      root_(k, k) += noise_[k];
    }
    if (!factorise(count)) return false;
    change_.setZero();
    for (Index k = 0; k < count; ++k) {
      for (Index i = 0; i < k; ++i) {
        gain_.col(k) -= root_(k, i) * gain_.col(i);
        error_[k] -= root_(k, i) * error_[i];
      }
      gain_.col(k) /= root_(k, k);
      error_[k] /= root_(k, k);
      change_ += error_[k] * gain_.col(k);
    }
    if (!all_finite(change_.data(), change_.size())) return false;
    if (!all_finite(gain_.data(), gain_.rows() * count)) return false;
    S* const w = net.parameters().data();
    for (Index i = 0; i < change_.size(); ++i) w[covariance_.parameter(i)] += change_[i];
    covariance_.update(gain_.leftCols(count), static_cast<S>(options_.forgetting),
                       static_cast<S>(process_noise_));
    process_noise_ = (std::max)(process_noise_ * options_.process_noise_decay,
                                (std::min)(process_noise_, options_.least_process_noise));
    return true;
  }

  /// Cholesky factor of S, in place. @return false if S is not positive definite
  bool factorise(Index count) {
    for (Index j = 0; j < count; ++j) {
      S pivot = root_(j, j);
      for (Index i = 0; i < j; ++i) pivot -= root_(j, i) * root_(j, i);
      if (!(pivot > S(0) && is_finite(pivot))) return false;
      root_(j, j) = std::sqrt(pivot);
      for (Index k = j + 1; k < count; ++k) {
        S sum = root_(k, j);
        for (Index i = 0; i < j; ++i) sum -= root_(k, i) * root_(j, i);
        root_(k, j) = sum / root_(j, j);
      }
    }
    return true;
  }

  KalmanOptions options_;
  detail::OutputJacobian<Net> jacobian_;
  detail::CovarianceBlocks<S> covariance_;
  Matrix<S> h_;     ///< outputs × parameters
  Matrix<S> gain_;  ///< P Hᵀ, then A
  Matrix<S> rows_;  ///< Hᵀ of the targets that are not missing
  Matrix<S> root_;  ///< S, then L
  Vector<S> error_, noise_, change_;
  double process_noise_;
};

BACKFOLD_END_NAMESPACE
