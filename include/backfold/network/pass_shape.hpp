// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Purpose of a pass: it determines the numbers that a workspace keeps. From Forward on, each keeps
/// all that those before it keep, so that a workspace with the layout of one serves them too.
enum class Purpose {
  Step,           ///< forward over one step at a time, remembering what delays need
  Forward,        ///< forward alone: later layers reuse the memory of earlier ones
  Gradient,       ///< forward and back: outputs and deltas of all layers stay
  InputGradient,  ///< and the delta of the input
  Tangent,        ///< and the net inputs of all layers, for forward differentiation
};

namespace detail {

/// Everything but the sizes of the layers that determines the layout of a workspace.
struct PassShape {
  Index batch = 1;
  Index steps = 1;
  Purpose purpose = Purpose::Gradient;
  bool copies_input = false;  ///< the inputs are read from a copy, not where the caller has them

  /// True if a workspace of this shape serves a pass of another one.
  [[nodiscard]] constexpr bool serves(const PassShape& pass) const {
    return batch == pass.batch && steps == pass.steps && purpose >= pass.purpose &&
           copies_input >= pass.copies_input;
  }
  /// A shape that serves both, where both have the same samples and steps; else that of the pass.
  [[nodiscard]] constexpr PassShape joined_with(const PassShape& pass) const {
    if (batch != pass.batch || steps != pass.steps) return pass;
    return {batch, steps, (std::max)(purpose, pass.purpose), copies_input || pass.copies_input};
  }
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
