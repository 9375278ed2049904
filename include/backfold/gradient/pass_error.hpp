// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/linear.hpp"
#include "backfold/core/long_sum.hpp"
#include "backfold/data/sequences.hpp"
#include "backfold/loss/masked_error.hpp"
#include "backfold/loss/output_error.hpp"
#include "backfold/loss/reduction.hpp"
#include "backfold/network/pass.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Activation of the output layer for the loss; for a cell it is the identity.
template <class Type>
decltype(auto) output_activation(const Type& layer) {
  if constexpr (!fuses_activation<Type>) {
    return Linear{};
  } else {
    return layer.activation();
  }
}

template <class Output, class L>
constexpr bool loss_needs_net() {
  return needs_net<L, std::remove_cvref_t<decltype(output_activation(std::declval<Output>()))>>;
}

/// Computes the weight of each column of outputs, 0 without a target, and the number of columns
/// with a target.
template <class S>
BACKFOLD_NO_INLINE Index weigh_columns(const Sequences<S>& data, S* weights) {
  const Index batch = data.batch();
  const bool is_masked = data.is_masked();
  const TargetMask<S> mask = data.mask();
  Index count = 0;
  for (Index t = 0; t < data.steps; ++t) {
    for (Index b = 0; b < batch; ++b) {
      const Index length = data.lengths == nullptr ? data.steps : data.lengths[b];
      const bool last_only = data.targets_at == TargetsAt::LastStep;
      S weight(0);
      if (last_only ? t == length - 1 : t < length) {
        const Index c = last_only ? b : t * batch + b;
        weight = data.weights == nullptr ? S(1) : data.weights[data.weight_stride * c];
        if (is_masked && !mask.has_target(data.targets, c)) weight = S(0);
      }
      weights[t * batch + b] = weight;
      count += weight != S(0);
    }
  }
  return count;
}

/// Factor of E and gradient for the number of columns with a target.
struct ScaleBy {
  Reduction reduction;
  double operator()(Index targets) const {
    return reduction == Reduction::Mean && targets > 0 ? 1.0 / static_cast<double>(targets) : 1.0;
  }
};

/// The output layer of a pass: units × columns, step by step.
template <Real S>
struct OutputColumns {
  const S* net;
  const S* output;
  const S* weights;  ///< one for each column
  S* delta;          ///< nullptr for the error alone
  Index units;
  Index columns;
  Index batch;
};

/// Error, not scaled, of outputs with a weight for each target, or with targets at the last step
/// only, and its delta. Compiled once for all networks and passes.
template <bool WithDelta, class L, class A, class S>
BACKFOLD_NO_INLINE double error_by_column(const OutputColumns<S>& outputs, const L& loss,
                                          const A& activation, const Sequences<S>& data,
                                          double scale) {
  const Index units = outputs.units;
  const bool last_only = data.targets_at == TargetsAt::LastStep;
  const TargetMask<S> mask = data.mask();
  return sum_in_runs(outputs.columns, [&](Index first, Index columns) {
    double error = 0;
    for (Index c = first; c < first + columns; ++c) {
      const Index column = last_only ? c % outputs.batch : c;
      error += masked_error<WithDelta>(loss, activation, outputs.net + c * units,
                                       outputs.output + c * units, data.targets.column(column),
                                       data.targets.rows(), units, mask, column,
                                       static_cast<double>(outputs.weights[c]), scale,
                                       WithDelta ? outputs.delta + c * units : nullptr);
    }
    return error;
  });
}

/// E of a pass that has run forward and, WithDelta, the delta of its output layer.
template <bool WithDelta, class P, class L, class S, class Scale>
BACKFOLD_ALWAYS_INLINE double error_of(const P& pass, const L& loss, const Sequences<S>& data,
                                       const Scale& scale_by) {
  constexpr int output = P::Arch::output_layer;
  constexpr Index rows = P::template units_at_compile_time<output>;
  static_assert(rows == Dynamic || rows % outputs_per_target<L> == 0,
                "backfold: this loss takes several outputs for each target: the output layer needs "
                "a multiple of them");
  const auto& function = output_activation(pass.architecture().template layer<output>());
  const Index units = pass.template units<output>();
  const bool plain = data.weights == nullptr && data.lengths == nullptr &&
                     data.targets_at == TargetsAt::EveryStep && !data.is_masked();
  const S* weights = nullptr;
  Index count = pass.columns();
  if (!plain) {
    count = weigh_columns(data, pass.column_weights());
    weights = pass.column_weights();
  }
  const double scale = scale_by(count);
  const S* const net = pass.template net<output>();
  const S* const x = pass.template own_output<output>();
  S* const delta = WithDelta ? pass.template delta<output>() : nullptr;
  if (data.is_masked() || data.targets_at == TargetsAt::LastStep) {
    return scale * error_by_column<WithDelta>(OutputColumns<S>{net, x, weights, delta, units,
                                                               pass.columns(), pass.batch()},
                                              loss, function, data, scale);
  }
  const Index stride = data.targets.outerStride();
  return scale * sum_in_runs<P::all_columns>(
                     pass.columns(), [&](Index first, auto columns) BACKFOLD_INLINE_LAMBDA {
                       const Index at = first * units;
                       return output_error<WithDelta, rows, constant_count<decltype(columns)>>(
                           loss, function, net + at, x + at, data.targets.data() + first * stride,
                           stride, units, columns, weights == nullptr ? nullptr : weights + first,
                           scale, WithDelta ? delta + at : nullptr);
                     });
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
