// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings for loading.
struct LoadOptions {
  bool round = false;  ///< takes a file of doubles into a network of floats that are not equal
};

BACKFOLD_END_NAMESPACE
