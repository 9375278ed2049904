// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Changes of a hidden layer's units that do not change the function of the network.
///
/// A layer type declares it as a constant, and so does an activation that acts on the units
/// together; Dense derives it from its activation:
///
///     static constexpr auto unit_symmetry = UnitSymmetry::Exchange;
enum class UnitSymmetry {
  Undeclared,        ///< unknown: functions of analysis/ refuse the layer
  Fixed,             ///< none: each unit has a fixed place
  Exchange,          ///< units can be permuted, with their weights
  ExchangeAndNegate  ///< and a unit's output changes sign if its incoming weights and bias do
};

/// True if φ(−net) = −φ(net), by the activation's own constant:
///
///     static constexpr bool is_odd = true;
///
/// False without one. check_activation tests the claim. The library's activations specialise this
/// function instead, so that a type derived from one of them, whose φ may be another, inherits no
/// claim: it declares is_odd itself.
template <class A>
[[nodiscard]] constexpr bool is_odd() {
  if constexpr (requires { A::is_odd; }) {
    return A::is_odd;
  } else {
    return false;
  }
}

/// Symmetry of units with activation A.
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
