// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/target_mask.hpp"
#include "backfold/loss/output_error.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if a loss takes all outputs of a sample together, so that a single target cannot be left
/// out.
template <class L, class A>
constexpr bool takes_whole_columns() {
  if constexpr (has_net_input_form<L, A>) {
    return acts_on_columns<FromNetInput<L, A>>;
  } else {
    return ColumnLoss<L>;
  }
}

/// Zeros in units first..end of a delta, if there is one.
template <class S>
void clear_delta(S* delta, Index first, Index end) {
  if (delta == nullptr) return;
  for (Index i = first; i < end; ++i) delta[i] = S(0);
}

/// The error of one sample whose targets have weights of their own, as in `output_error`:
/// Σ_i weight·w_i·E_i. What has weight 0 is not read.
///
/// Units of one weight are a run, on which the functions for whole samples work: masks have no
/// formulas of their own.
/// @param column of the targets, by which the mask is asked
/// @param delta nullptr unless WithDelta
template <bool WithDelta, class L, class A, Real S>
double masked_error(const L& loss, const A& activation, const S* net, const S* output,
                    const S* target, Index targets, Index units, const TargetMask<S>& mask,
                    Index column, double weight, double scale, S* delta) {
  if constexpr (takes_whole_columns<L, A>()) {
    if (weight != 0) weight *= static_cast<double>(mask.column_weight(target, targets, column));
    if (!(weight > 0)) {
      clear_delta(delta, 0, units);
      return 0;
    }
    return weight * column_error<WithDelta, Dynamic>(loss, activation, net, output, target, units,
                                                     static_cast<S>(scale * weight), delta);
  } else {
    if (weight == 0) {
      clear_delta(delta, 0, units);
      return 0;
    }
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
