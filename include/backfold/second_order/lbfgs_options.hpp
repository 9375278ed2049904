// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings of `minimize` and `fit_lbfgs`.
struct LbfgsOptions {
  Index iterations = 1000;           ///< at most, >= 1
  Index memory = 10;                 ///< pairs (Δw, Δg) that are kept, >= 1
  double gradient_tolerance = 1e-8;  ///< ends where max |g_i| is no larger
  double gain_tolerance = 1;         ///< ends where a step lowers E by no more than this·ε·|E|
  Index trials = 30;                 ///< evaluations in one line search at most, >= 1

  /// @throws std::invalid_argument for numbers out of range
  void(check)() const {
    if (iterations < 1 || memory < 1 || trials < 1) {
      fail_argument("lbfgs: iterations, memory and trials must be >= 1, got ", iterations, ", ",
                    memory, " and ", trials);
    }
    if (!(gradient_tolerance >= 0 && gain_tolerance >= 0)) {
      fail_argument("lbfgs: tolerances must be >= 0, got ", gradient_tolerance, " and ",
                    gain_tolerance);
    }
  }
};

/// Why `minimize` ended.
enum class LbfgsStatus {
  SmallGradient,  ///< no component of the gradient exceeds the tolerance
  SmallGain,      ///< the last step lowered E by no more than rounding
  Stalled,        ///< no step along the direction lowers E: rounding, or a wrong gradient
  Iterations,     ///< as many as were allowed
};

/// Result of `minimize`.
template <class S>
struct LbfgsResult {
  Vector<S> w;            ///< the least point found
  double error = 0;       ///< E there
  Index iterations = 0;   ///< steps
  Index evaluations = 0;  ///< calls of the objective
  LbfgsStatus status{};

  /// True if it ended at an optimum.
  [[nodiscard]] bool converged() const {
    return status == LbfgsStatus::SmallGradient || status == LbfgsStatus::SmallGain;
  }
};

BACKFOLD_END_NAMESPACE
