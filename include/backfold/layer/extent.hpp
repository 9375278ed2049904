// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A type that C++ converts silently to a number of units.
template <class T>
concept NoSize = std::floating_point<T> || std::same_as<T, bool>;

template <class T>
constexpr Index refuse_size(T) {
  static_assert(!NoSize<T>, "backfold: a layer's number of units is an integer, no double or bool");
  return 1;
}

}  // namespace detail

/// Number of units of a layer: a constant of its type, or a member.
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
  template <detail::NoSize T>
  constexpr Extent(T units) : Extent(detail::refuse_size(units)) {}  // NOLINT
  static constexpr Index units() { return Units; }
};

template <>
class Extent<Dynamic> {
 public:
  /// @throws std::invalid_argument if units < 1
  constexpr Extent(Index units) : units_(units) {  // NOLINT: a size is what an extent is
    if (units < 1) fail_argument("layer: needs at least one unit, got ", units);
  }
  template <detail::NoSize T>
  constexpr Extent(T units) : Extent(detail::refuse_size(units)) {}  // NOLINT
  [[nodiscard]] constexpr Index units() const { return units_; }

 private:
  Index units_;
};

BACKFOLD_END_NAMESPACE
