// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The changes of a hidden layer's units that leave the function of the network as it is.
///
/// A layer type declares it as a constant, and so does an activation that acts on the units
/// together; Dense derives it from its activation:
///
///     static constexpr auto unit_symmetry = UnitSymmetry::Exchange;
enum class UnitSymmetry {
  Undeclared,        ///< nothing is known: functions of analysis/ refuse the layer
  Fixed,             ///< nothing: each unit has its place
  Exchange,          ///< units can change places, with their weights
  ExchangeAndNegate  ///< and a unit's output changes its sign with its incoming weights and bias
};

/// True if φ(−net) = −φ(net), by the activation's own constant:
///
///     static constexpr bool is_odd = true;
///
/// False without one. check_activation holds the claim against values.
template <class A>
[[nodiscard]] constexpr bool is_odd() {
  if constexpr (requires { A::is_odd; }) {
    return A::is_odd;
  } else {
    return false;
  }
}

/// The symmetry of units that all have activation A.
template <class A>
[[nodiscard]] constexpr UnitSymmetry activation_symmetry() {
  if constexpr (requires { A::unit_symmetry; }) {
    return A::unit_symmetry;
  } else if constexpr (ElementwiseActivation<A>) {
    return is_odd<A>() ? UnitSymmetry::ExchangeAndNegate : UnitSymmetry::Exchange;
  } else {
    return UnitSymmetry::Undeclared;
  }
}

BACKFOLD_END_NAMESPACE
