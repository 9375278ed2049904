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
/// It works on any activation. A pair of loss and activation that is better computed from the net
/// input specialises FromNetInput (loss/from_net_input.hpp).
template <class L>
concept Loss = detail::LossIn<L, Lanes<float>> && detail::LossIn<L, Lanes<double>>;

BACKFOLD_END_NAMESPACE
