// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <concepts>
#include <limits>

#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Saturating count of numbers, computed from counts that a user chose. Sums and products beyond
/// the largest Index saturate at "too many" instead of wrapping around to a small buffer, so one
/// check at the end of a formula is enough. Its operators are no inline code: set-up has many
/// products, each with a division.
class Size {
 public:
  /// The largest count of doubles whose bytes an Index can count.
  static constexpr Index most = (std::numeric_limits<Index>::max)() / Index{sizeof(double)};

  /// A negative count has already wrapped around: too many.
  constexpr Size(Index n) : n_(n < 0 || n > most ? too_many : n) {}  // NOLINT: a count is a size

  [[nodiscard]] constexpr bool is_countable() const { return n_ <= most; }

  /// The count. @throws std::invalid_argument with these parts as its subject if it is too large
  template <class... Parts>
  [[nodiscard]] constexpr Index value(Parts... subject) const {
    if (!is_countable()) fail_argument(subject..., ": more numbers than can be counted");
    return n_;
  }

  BACKFOLD_NO_INLINE friend constexpr Size operator+(Size a, Size b) {
    return a.n_ > most - b.n_ ? Size(too_many) : Size(a.n_ + b.n_);
  }
  BACKFOLD_NO_INLINE friend constexpr Size operator*(Size a, Size b) {
    return a.n_ != 0 && b.n_ > most / a.n_ ? Size(too_many) : Size(a.n_ * b.n_);
  }
  friend constexpr auto operator<=>(const Size&, const Size&) = default;

  constexpr Size& operator+=(Size other) { return *this = *this + other; }

  /// The next multiple of `unit`.
  [[nodiscard]] BACKFOLD_NO_INLINE constexpr Size rounded_up(Index unit) const {
    const Size sum = *this + Size(unit - 1);
    return sum.is_countable() ? Size(sum.n_ / unit * unit) : sum;
  }

 private:
  static constexpr Index too_many = most + 1;
  Index n_;
};

/// An integer of any type as an Index.
/// @throws std::invalid_argument if it does not fit; a truncated number would pass for a valid one
template <std::integral T>
constexpr Index to_index(const char* what, T n) {
  const auto index = static_cast<Index>(n);
  if (static_cast<T>(index) != n) fail_argument(what, ": more numbers than can be counted");
  return index;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
