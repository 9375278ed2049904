// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings for loading.
struct LoadOptions {
  bool round = false;  ///< allows a file of doubles to be rounded to a network of floats
  /// Longest delay of a connection that `load_any` accepts, in steps. A delay costs the memory of
  /// the outputs of all these steps, which the size of a file does not bound.
  Index longest_delay = 10000;
};

BACKFOLD_END_NAMESPACE
