// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "backfold/analysis/jacobian.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Parameters whose errors an ExtendedKalmanFilter correlates. Memory and time of an update are
/// the sum of the squares of the groups' sizes.
enum class KalmanCoupling {
  Global,  ///< all: one covariance matrix
  Layer,   ///< those of a layer (decoupled filter)
  Node,    ///< those into a unit: its weights and bias, of all gates (node-decoupled filter)
};

/// Settings of an ExtendedKalmanFilter. Only the ratios of p, r and q matter for w. With a larger q
/// later samples change w more; q = 0 and λ = 1 weigh all samples equally, as for a linear network
/// whose targets obey one fixed w.
struct KalmanOptions {
  double initial_covariance = 1;          ///< P = p·I, p > 0: variance of w around its start
  double measurement_noise = 0.01;        ///< R = r·I, r > 0: variance of the targets
  std::vector<double> noise_by_output{};  ///< the diagonal of R; empty: measurement_noise for all
  double process_noise = 1e-3;            ///< Q = q·I, q >= 0, added to P after each update
  double process_noise_decay = 1;         ///< factor of q per update, from 0 to 1
  double least_process_noise = 0;         ///< q does not decay below this
  double forgetting = 1;                  ///< λ, in (0, 1]: an update counts λ^age
  KalmanCoupling coupling = KalmanCoupling::Global;

  /// Jacobian of a recurrent network: Forward is real-time recurrent learning, Reverse is
  /// backpropagation through time, through the window. Cheaper takes RTRL unless there is a window
  /// and backpropagation through it needs fewer operations.
  JacobianMode mode = JacobianMode::Cheaper;
  Index window = 0;  ///< steps of backpropagation, the present one included; 0: no window

  /// @throws std::invalid_argument for numbers out of range
  void(check)() const {
    check_positive("initial_covariance", initial_covariance);
    check_positive("measurement_noise", measurement_noise);
    for (const double r : noise_by_output) check_positive("noise_by_output", r);
    check_not_negative("process_noise", process_noise);
    check_not_negative("least_process_noise", least_process_noise);
    if (!(process_noise_decay >= 0 && process_noise_decay <= 1)) {
      fail_argument("kalman: process_noise_decay must lie between 0 and 1, got ",
                    process_noise_decay);
    }
    if (!(forgetting > 0 && forgetting <= 1)) {
      fail_argument("kalman: forgetting must be above 0 and at most 1, got ", forgetting);
    }
    if (window < 0) fail_argument("kalman: window must be >= 0, got ", window);
  }

 private:
  static void check_positive(const char* name, double value) {
    if (!(value > 0 && is_finite(value))) {
      fail_argument("kalman: ", name, " must be positive and finite, got ", value);
    }
  }
  static void check_not_negative(const char* name, double value) {
    if (!(value >= 0 && is_finite(value))) {
      fail_argument("kalman: ", name, " must be >= 0 and finite, got ", value);
    }
  }
};

BACKFOLD_END_NAMESPACE
