// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "backfold/data/reset_flags.hpp"
#include "backfold/network/state.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Options of `run`: lengths and resets of the sequences, and the states before and after.
template <class Net, Index Batch = Dynamic>
struct RunOptions {
  /// One for each sequence, 0..steps; empty if all have all steps. Inputs after the end of a
  /// sequence are never read, its outputs there are 0.
  std::span<const Index> lengths{};
  /// State before the first step; if nullptr, zeros or the LearntStart.
  const State<Net, Batch>* initial = nullptr;
  State<Net, Batch>* final = nullptr;  ///< set to the state after the last step of each sequence
  /// One for each column of the inputs, true where the state before that step is zero or the
  /// LearntStart; empty without resets.
  ResetFlags resets{};
};

BACKFOLD_END_NAMESPACE
