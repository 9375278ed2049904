// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "backfold/core/packet.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class L, class V>
concept LossIn = requires(const L loss, const V v) {
  { loss.value(v, v) } -> std::same_as<V>;
  { loss.derivative(v, v) } -> std::same_as<V>;
};

}  // namespace detail

/// A loss: what one unit with output y and target z adds to the error E of a sample, and its
/// derivative ∂E/∂y, written for Lanes.
///
///     struct Cubed {
///       template <class V> V value(const V& y, const V& z) const;       // |y − z|³
///       template <class V> V derivative(const V& y, const V& z) const;  // 3 (y − z)|y − z|
///     };
///
/// It works on any activation. Two members that it need not have tell `fit` what to refuse:
///
///     static constexpr bool takes_probabilities = true;   // of outputs (see
///     outputs_probabilities) template <Real S> void check_targets(const S* z, Index units, Index
///     column) const;  // throws
///
///  A pair of loss and activation that is better computed from the net
/// input specialises FromNetInput (loss/from_net_input.hpp).
template <class L>
concept Loss = detail::LossIn<L, Lanes<float>> && detail::LossIn<L, Lanes<double>>;

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
