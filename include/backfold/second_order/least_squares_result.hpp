// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Why `least_squares` ended.
enum class LeastSquaresStatus {
  SmallGain,   ///< the linear model promises no decrease that counts: an optimum
  SmallStep,   ///< no parameter moves any more: an optimum to rounding
  Exact,       ///< all residuals are 0
  Stalled,     ///< no step, however short, lowers E: rounding, or a wrong Jacobian
  Iterations,  ///< as many as were allowed
};

/// Result of `least_squares`.
template <Real S>
struct LeastSquaresResult {
  Vector<S> w;                ///< the parameters
  double sum_of_squares = 0;  ///< Σ r_i² at w, without the ½
  Index iterations = 0;       ///< Jacobians that were used
  Index evaluations = 0;      ///< calls of the residual, those for differences included
  LeastSquaresStatus status{};

  /// Estimated covariance of w: s² (JᵀJ)⁻¹ with s² = Σ r_i²/(m − n), for m independent residuals
  /// of equal variance. Empty where m <= n, or where J has not full rank.
  Matrix<S> covariance;

  /// True if it ended at an optimum.
  [[nodiscard]] bool converged() const {
    return status != LeastSquaresStatus::Iterations && status != LeastSquaresStatus::Stalled;
  }
};

BACKFOLD_END_NAMESPACE
