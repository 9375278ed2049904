// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings of `least_squares`. Tolerances are multiples of the scalar's ε = 2^−52 (float: 2^−23).
struct LeastSquaresOptions {
  Index iterations = 1000;      ///< upper bound on Jacobians, >= 1
  double damping = 1e-3;        ///< the first μ > 0, relative to the squared scales
  double gain_tolerance = 0.1;  ///< ends if the linear model predicts less than this·ε·E
  double step_tolerance = 50;   ///< ends if no parameter moves by more than this·ε relative
  bool acceleration =
      true;  ///< second-order correction of steps, in double; one more residual per step

  /// @throws std::invalid_argument for numbers out of range
  void(check)() const {
    if (iterations < 1) fail_argument("least_squares: iterations must be >= 1, got ", iterations);
    if (!(damping > 0 && is_finite(damping))) {
      fail_argument("least_squares: damping must be positive and finite, got ", damping);
    }
    if (!(gain_tolerance >= 0 && step_tolerance >= 0)) {
      fail_argument("least_squares: tolerances must be >= 0, got ", gain_tolerance, " and ",
                    step_tolerance);
    }
  }
};

BACKFOLD_END_NAMESPACE
