// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Reason for the end of training.
enum class TrainingStatus {
  EpochsDone,  ///< all epochs are done
  Stopped,     ///< a hook or a callback ended it
  NonFinite,   ///< E or its gradient was not finite; the parameters are as before that step
};

// Short name, unless X11 has defined it as a macro.
#ifndef Status
/// See TrainingStatus.
using Status = TrainingStatus;
#endif

/// Report to hooks and callbacks of `fit` after each epoch.
struct EpochReport {
  Index epoch;    ///< from 1
  double loss;    ///< mean loss over the epoch, each batch measured before its own update
  Index samples;  ///< samples (or sequences) seen in the epoch
  double validation_loss = detail::hidden_nan();  ///< E on held-out data, from Validate; else NaN
  bool is_last = false;                           ///< an earlier hook has ended the run
};

/// Record of a training run.
struct History {
  std::vector<double> losses;  ///< one for each epoch completed
  TrainingStatus status = TrainingStatus::EpochsDone;
  Index epoch = 0;  ///< the last epoch begun, from 1
  Index step = 0;   ///< NonFinite: the step of that epoch, from 1

  /// Loss of the last completed epoch; NaN if there is none.
  [[nodiscard]] double final_loss() const {
    return losses.empty() ? detail::hidden_nan() : losses.back();
  }
};

BACKFOLD_END_NAMESPACE
