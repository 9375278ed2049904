// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Reduction of the errors of all samples and time steps to one number.
enum class Reduction {
  Sum,   ///< E = Σ weight·E(z, y)
  Mean,  ///< Sum divided by the number of columns with a target (a weight other than 0)
};

BACKFOLD_END_NAMESPACE
