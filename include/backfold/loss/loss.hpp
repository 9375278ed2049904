// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class L, class V>
concept LossIn = requires(const L loss, const V v) {
  { loss.value(v, v) } -> std::same_as<V>;
  { loss.derivative(v, v) } -> std::same_as<V>;
};

template <class L, class S>
concept ColumnLossIn = requires(const L loss, const S* y, S* d, Index units, S scale) {
  { loss.column(y, y, units) } -> std::same_as<S>;
  loss.column_derivative(y, y, units, scale, d);
};

}  // namespace detail

/// A loss of all outputs of a sample together, for settings that differ between units and for units
/// that are coupled (a mean and its variance):
///
///     template <Real S> S column(const S* y, const S* z, Index units) const;   // E of a sample
///     template <Real S> void column_derivative(const S* y, const S* z, Index units, S scale,
///                                              S* d) const;                    // d ← scale·∂E/∂y
///
/// with `units` outputs y. There are as many targets z, unless the loss declares how many outputs
/// it takes for each: `static constexpr Index outputs_per_target = 2;`.
///
/// If E is a sum over the targets, with the same formula for each, the loss may say which outputs
/// belong to a target. Then single targets can be missing, or have weights of their own:
///
///     static constexpr Index output_of(Index target, Index k, Index targets);   // its k-th output
template <class L>
concept ColumnLoss = detail::ColumnLossIn<L, float> && detail::ColumnLossIn<L, double>;

/// Elementwise loss: the contribution of a unit with output y and target z to the error E of a
/// sample, and its derivative ∂E/∂y, written for Lanes.
///
///     struct Cubed {
///       template <class V> V value(const V& y, const V& z) const;       // |y − z|³
///       template <class V> V derivative(const V& y, const V& z) const;  // 3 (y − z)|y − z|
///     };
///
/// A loss of all outputs of a sample is a ColumnLoss. Both work with any activation. Two optional
/// members tell `fit` which networks and targets to refuse:
///
///     static constexpr bool takes_probabilities = true;  // of outputs: outputs_probabilities
///     template <Real S>
///     void check_targets(const S* z, Index targets, Index column) const;  // throws
///
/// Specialise FromNetInput (loss/from_net_input.hpp) for a pair of loss and activation that is more
/// accurate from the net input.
template <class L>
concept Loss = ColumnLoss<L> ||(detail::LossIn<L, Lanes<float>>&& detail::LossIn<L, Lanes<double>>);

/// The number of outputs that a loss takes for each target: its own, or 1.
template <class L>
inline constexpr Index outputs_per_target = [] {
  if constexpr (requires { L::outputs_per_target; }) {
    return Index{L::outputs_per_target};
  } else {
    return Index{1};
  }
}();

/// True if a loss interprets outputs as probabilities.
template <class L>
inline constexpr bool takes_probabilities = [] {
  if constexpr (requires { L::takes_probabilities; }) {
    return bool{L::takes_probabilities};
  } else {
    return false;
  }
}();

BACKFOLD_END_NAMESPACE
