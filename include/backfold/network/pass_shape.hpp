// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Purpose of a pass, which determines the numbers that a workspace keeps. From Forward on, each
/// purpose keeps all numbers of the earlier ones, so its layout serves them too.
enum class Purpose {
  Step,           ///< forward over one step at a time, keeping the past outputs that delays need
  Forward,        ///< forward only: later layers reuse the memory of earlier ones
  Gradient,       ///< forward and backward: keeps outputs and deltas of all layers
  InputGradient,  ///< keeps the delta of the input too
  Tangent,        ///< keeps the net inputs of all layers too, for forward-mode differentiation
};

namespace detail {

/// Determines the layout of a workspace, together with the sizes of the layers.
struct PassShape {
  Index batch = 1;
  Index steps = 1;
  Purpose purpose = Purpose::Gradient;
  bool copies_input = false;  ///< the inputs are read from a copy, not from the caller's memory
  bool has_resets = false;    ///< sequences are reset inside the pass

  /// True if a workspace of this shape serves a pass of shape `pass`.
  [[nodiscard]] constexpr bool serves(const PassShape& pass) const {
    return batch == pass.batch && steps == pass.steps && purpose >= pass.purpose &&
           copies_input >= pass.copies_input && has_resets >= pass.has_resets;
  }
  /// A shape that serves both if samples and steps are equal, else the shape of the pass.
  [[nodiscard]] constexpr PassShape joined_with(const PassShape& pass) const {
    if (batch != pass.batch || steps != pass.steps) return pass;
    return {batch, steps, (std::max)(purpose, pass.purpose), copies_input || pass.copies_input,
            has_resets || pass.has_resets};
  }
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
