// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Why training ended.
enum class TrainingStatus {
  EpochsDone,  ///< all epochs asked for
  Stopped,     ///< a hook or a callback said so
  NonFinite,   ///< E or its gradient was not finite; the parameters are those before that step
};

// The short name, except where X11 has made a macro of it.
#ifndef Status
/// See TrainingStatus.
using Status = TrainingStatus;
#endif

/// The report to hooks and callbacks of `fit` after each epoch.
struct EpochReport {
  Index epoch;    ///< from 1
  double loss;    ///< E over the epoch: each batch's at the parameters of its time
  Index samples;  ///< samples (or sequences) seen in the epoch
  double validation_loss = detail::hidden_nan();  ///< E on held-out data, from Validate; else NaN
  bool is_last = false;                           ///< a hook before this one has ended the run
};

/// Record of a training run.
struct History {
  std::vector<double> losses;  ///< one for each epoch completed
  TrainingStatus status = TrainingStatus::EpochsDone;
  Index epoch = 0;  ///< the last epoch begun, from 1
  Index step = 0;   ///< NonFinite: the step of that epoch, from 1

  /// The loss of the last epoch completed; NaN if none was.
  [[nodiscard]] double final_loss() const {
    return losses.empty() ? detail::hidden_nan() : losses.back();
  }
};

BACKFOLD_END_NAMESPACE
