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

/// A loss of all outputs of a sample together, for settings that differ from unit to unit and for
/// units that belong together (a mean and its variance):
///
///     template <Real S> S column(const S* y, const S* z, Index units) const;   // E of a sample
///     template <Real S> void column_derivative(const S* y, const S* z, Index units, S scale,
///                                              S* d) const;                    // d ← scale·∂E/∂y
///
/// with `units` outputs y. The targets z are as many, unless the loss says how many outputs it
/// takes for each: `static constexpr Index outputs_per_target = 2;`.
template <class L>
concept ColumnLoss = detail::ColumnLossIn<L, float> && detail::ColumnLossIn<L, double>;

/// A loss: what one unit with output y and target z adds to the error E of a sample, and its
/// derivative ∂E/∂y, written for Lanes.
///
///     struct Cubed {
///       template <class V> V value(const V& y, const V& z) const;       // |y − z|³
///       template <class V> V derivative(const V& y, const V& z) const;  // 3 (y − z)|y − z|
///     };
///
/// One that sees all outputs of a sample is a ColumnLoss. Both work on any activation. Two members
/// that a loss need not have tell `fit` what to refuse:
///
///     static constexpr bool takes_probabilities = true;  // of outputs: outputs_probabilities
///     template <Real S>
///     void check_targets(const S* z, Index targets, Index column) const;  // throws
///
/// A pair of loss and activation that is better computed from the net input specialises
/// FromNetInput (loss/from_net_input.hpp).
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

/// True if a loss takes outputs for probabilities.
template <class L>
inline constexpr bool takes_probabilities = [] {
  if constexpr (requires { L::takes_probabilities; }) {
    return bool{L::takes_probabilities};
  } else {
    return false;
  }
}();

BACKFOLD_END_NAMESPACE
