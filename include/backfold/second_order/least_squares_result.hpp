// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Reason for the end of `least_squares`.
enum class LeastSquaresStatus {
  SmallGain,   ///< the linear model predicts no significant decrease: an optimum
  SmallStep,   ///< no parameter moves: an optimum up to rounding
  Exact,       ///< all residuals are 0
  Stalled,     ///< no step decreases E, however short: a wrong Jacobian, or an edge beyond which
               ///< residuals are not finite
  Iterations,  ///< the allowed number was reached
};

/// Result of `least_squares`.
template <Real S>
struct LeastSquaresResult {
  Vector<S> w;                ///< the parameters
  double sum_of_squares = 0;  ///< Σ r_i² at w, without the ½
  Index iterations = 0;       ///< number of Jacobians used
  Index evaluations = 0;      ///< calls of the residual, including those for differences
  LeastSquaresStatus status{};

  /// Estimated covariance of w: s² (JᵀJ)⁻¹ with s² = Σ r_i²/(m − n), for m independent residuals of
  /// equal variance. Empty if m <= n, or if J does not have full rank.
  Matrix<S> covariance;

  /// True if it ended at an optimum.
  [[nodiscard]] bool converged() const {
    return status != LeastSquaresStatus::Iterations && status != LeastSquaresStatus::Stalled;
  }
};

BACKFOLD_END_NAMESPACE
