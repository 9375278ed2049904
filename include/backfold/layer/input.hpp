// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/layer/extent.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The layer of the input x: the first of every network, without weights.
template <Index Units>
struct Input : Extent<Units> {
  using Extent<Units>::Extent;
  constexpr Input() = default;
  /// Converts between static and dynamic size.
  template <Index OtherUnits>
  constexpr explicit Input(const Input<OtherUnits>& other) : Extent<Units>(other.units()) {}

  static constexpr const char* name = "Input";
  static constexpr Index units_at_compile_time = Units;

  template <Index OtherUnits>
  using Resized = Input<OtherUnits>;
};

BACKFOLD_END_NAMESPACE
