// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The number of units of a layer: a constant of its type, or a number that it holds.
template <Index Units>
class Extent {
 public:
  static_assert(Units > 0, "backfold: a layer needs at least one unit");

  constexpr Extent() = default;
  constexpr Extent(Index units) {  // NOLINT: a size is what an extent is
    if (units != Units) {
      fail_argument("layer: this type has ", Units, " units, but ", units, " were asked for");
    }
  }
  static constexpr Index units() { return Units; }
};

template <>
class Extent<Dynamic> {
 public:
  /// @throws std::invalid_argument if units < 1
  constexpr Extent(Index units) : units_(units) {  // NOLINT: a size is what an extent is
    if (units < 1) fail_argument("layer: needs at least one unit, got ", units);
  }
  constexpr Index units() const { return units_; }

 private:
  Index units_;
};

BACKFOLD_END_NAMESPACE
