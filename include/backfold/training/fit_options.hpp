// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"
#include "backfold/loss/reduction.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A batch_size for full-batch learning: all samples in one step.
inline constexpr Index full_batch = -1;

/// Settings of `fit` and Trainer.
struct FitOptions {
  Index epochs = 1;        ///< passes over the data, >= 0
  Index batch_size = 32;   ///< samples (or sequences) a step: 1 is online learning; or full_batch
  bool shuffle = true;     ///< a fresh random order each epoch
  std::uint64_t seed = 1;  ///< of the random order
  double final_rate = 1;   ///< final learning rate as a fraction of the initial one (linear decay)
  Reduction reduction = Reduction::Mean;  ///< over the targets of a batch
  Index truncation = 0;   ///< steps of truncated backpropagation, state carried on; 0: whole
  bool stateful = false;  ///< windows: carries the state from each window to the next
  Index threads = 0;      ///< 0: the batch is not split. A large batch is split into shards that do
                          ///< not depend on n: same bits for any n >= 1; more than 1 needs OpenMP
  bool flush_denormals = true;  ///< flush-to-zero while fit runs (then restored): denormal
                                ///< numbers of dead units would slow down each step

  /// @throws std::invalid_argument for numbers out of range
  void(check)() const {
    if (epochs < 0) fail_argument("fit: epochs must be >= 0, got ", epochs);
    if (batch_size < 1 && batch_size != full_batch) {
      fail_argument("fit: batch_size must be >= 1 or full_batch, got ", batch_size);
    }
    if (!(final_rate >= 0 && final_rate <= 1)) {
      fail_argument("fit: final_rate must lie between 0 and 1, got ", final_rate);
    }
    if (truncation < 0) fail_argument("fit: truncation must be >= 0, got ", truncation);
    if (threads < 0) fail_argument("fit: threads must be >= 0, got ", threads);
#if !defined(_OPENMP)
    if (threads > 1) {
      fail_argument(
          "fit: threads above 1 need OpenMP (compile with -fopenmp), expected 0 or 1, got ",
          threads);
    }
#endif
    if (stateful && (shuffle || batch_size != 1)) {
      fail_argument("fit: stateful training needs shuffle = false and batch_size = 1");
    }
  }
};

namespace detail {

/// Factor of a learning rate with linear decay, from 1 in epoch 0 to `final` in the last.
inline double linear_factor(double epoch, double epochs, double final) {
  const double steps = epochs > 1 ? epochs - 1 : 1;
  const double left = epochs > 1 ? (epochs - 1 - epoch) / steps : 1;
  return left + epoch / steps * final;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
