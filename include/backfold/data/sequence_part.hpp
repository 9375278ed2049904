// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/sequences.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A view of `steps` steps of one sequence from step `first` on.
///
/// Steps past its end may be no memory of the caller's: they need a length, since none is read
/// then.
/// @param one a batch of one; targets at the last step stay what they are
/// @param length how many of the steps there are, in memory that outlives the view; nullptr: all
template <Real S>
Sequences<S> part_of(const Sequences<S>& one, Index first, Index steps, const Index* length) {
  const auto columns = [&](const ConstMatrixView<S>& all) {
    return ConstMatrixView<S>(all.column(first), all.rows(), steps, all.outerStride());
  };
  Sequences<S> part = one;
  part.inputs = columns(one.inputs);
  part.steps = steps;
  part.lengths = length;
  part.resets = one.resets.part(first, steps);
  if (one.targets_at == TargetsAt::LastStep) return part;
  part.targets = columns(one.targets);
  if (one.target_weights.rows() != 0) part.target_weights = columns(one.target_weights);
  if (one.weights != nullptr) {
    part.weights = one.weights + first * one.weight_stride;
    part.weight_count = steps;
  }
  return part;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
