// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings for loading.
struct LoadOptions {
  bool round = false;  ///< allows a file of doubles to be rounded to a network of floats
};

BACKFOLD_END_NAMESPACE
