// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/math/exp.hpp"
#include "backfold/core/math/log.hpp"
#include "backfold/core/math/normal_cdf.hpp"
#include "backfold/core/math/root.hpp"

/// Elementary functions of Lanes. They are Backfold's own where Eigen 3.4's lose accuracy, return
/// nonzero values that should underflow to 0, or are scalar for double. NaN in, NaN out; infinities
/// are right; results below the smallest normal number are 0. The coefficients are minimax fits.
