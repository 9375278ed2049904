// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/target_mask.hpp"
#include "backfold/loss/output_error.hpp"
#include "backfold/loss/single_targets.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if a loss couples the outputs of a sample, so that a single target cannot be left out.
template <class L, class A>
constexpr bool takes_whole_columns() {
  if constexpr (has_net_input_form<L, A>) {
    return acts_on_columns<FromNetInput<L, A>>;
  } else {
    return ColumnLoss<L> && !sums_targets<L>;
  }
}

/// Sets units first..end−1 of a delta to 0, if there is one.
template <class S>
void clear_delta(S* delta, Index first, Index end) {
  if (delta == nullptr) return;
  for (Index i = first; i < end; ++i) delta[i] = S(0);
}

/// Error of one sample of a loss that sums targets, Σ_i weight_i·E_i, and its delta.
template <bool WithDelta, class L, class A, Real S, class Weight>
double error_of_targets(const L& loss, const A& activation, const S* net, const S* output,
                        const S* target, Index targets, const Weight& weight_of, double scale,
                        S* delta) {
  if constexpr (WithDelta) {
    target_derivatives(
        loss, output, target, targets,
        [&](Index i) { return static_cast<S>(scale * weight_of(i)); }, delta);
    multiply_by_derivative<Dynamic>(activation, net, output, delta, targets * outputs_per_target<L>,
                                    1);
  }
  return sum_over_targets(loss, output, target, targets, weight_of);
}

/// Error of one sample with a weight for each target, as in `output_error`: Σ_i weight·w_i·E_i.
/// Targets of weight 0 are not read.
///
/// Adjacent units of equal weight form a run, to which the functions for whole samples apply, so
/// masks need no formulas of their own.
/// @param column index of the sample in the mask
/// @param delta nullptr unless WithDelta
template <bool WithDelta, class L, class A, Real S>
double masked_error(const L& loss, const A& activation, const S* net, const S* output,
                    const S* target, Index targets, Index units, const TargetMask<S>& mask,
                    Index column, double weight, double scale, S* delta) {
  if (weight == 0) {
    clear_delta(delta, 0, units);
    return 0;
  }
  if constexpr (takes_whole_columns<L, A>() || sums_targets<L>) {
    const auto common = static_cast<double>(mask.column_weight(target, targets, column));
    if constexpr (sums_targets<L>) {
      if (common < 0) {  // they differ
        const auto weight_of = [&](Index i) {
          return weight * static_cast<double>(mask.weight(target[i], i, column));
        };
        return error_of_targets<WithDelta>(loss, activation, net, output, target, targets,
                                           weight_of, scale, delta);
      }
    }
    if (!(common > 0)) {
      clear_delta(delta, 0, units);
      return 0;
    }
    weight *= common;
    return weight * column_error<WithDelta, Dynamic>(loss, activation, net, output, target, units,
                                                     static_cast<S>(scale * weight), delta);
  } else {
    double error = 0;
    for (Index i = 0, end = 0; i < units; i = end) {
      const S own = mask.weight(target[i], i, column);
      for (end = i + 1; end < units && mask.weight(target[end], end, column) == own; ++end) {
      }
      if (own == S(0)) {
        clear_delta(delta, i, end);
        continue;
      }
      const double both = weight * static_cast<double>(own);
      error += both * units_error<WithDelta, Dynamic>(
                          loss, activation, net + i, output + i, target + i, end - i,
                          static_cast<S>(scale * both), WithDelta ? delta + i : nullptr);
    }
    if constexpr (WithDelta && !has_net_input_form<L, A> && !ElementwiseActivation<A>) {
      activation.multiply_by_derivative(output, delta, units);
    }
    return error;
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
