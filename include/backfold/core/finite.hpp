// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The bits of a number, with their origin hidden from the compiler: under -ffinite-math-only it
/// would assume that the exponent bits are not all set.
constexpr std::uint32_t upper_bits(const float& x) {
  auto bits = std::bit_cast<std::uint32_t>(x);
  if (!std::is_constant_evaluated()) {
    BACKFOLD_HIDE_INTEGER(bits)
  }
  return bits;
}
constexpr std::uint32_t upper_bits(const double& x) {
  auto bits = static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(x) >> 32);
  if (!std::is_constant_evaluated()) {
    BACKFOLD_HIDE_INTEGER(bits)
  }
  return bits;
}

}  // namespace detail

/// True if a number is neither infinite nor NaN. It tests the bits, so it is right under
/// -ffast-math too. It takes a reference because -ffinite-math-only makes a NaN passed by value
/// undefined.
[[nodiscard]] constexpr bool is_finite(const float& x) {
  return (detail::upper_bits(x) & 0x7f800000u) != 0x7f800000u;
}
[[nodiscard]] constexpr bool is_finite(const double& x) {
  return (detail::upper_bits(x) & 0x7ff00000u) != 0x7ff00000u;
}

/// True if a number is NaN. It tests the bits, so it is right under -ffast-math too.
[[nodiscard]] constexpr bool is_nan(const float& x) {
  return (detail::upper_bits(x) & 0x7fffffffu) > 0x7f800000u;
}
[[nodiscard]] constexpr bool is_nan(const double& x) {
  const std::uint32_t upper = detail::upper_bits(x) & 0x7fffffffu;
  const auto lower = static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(x));
  return upper > 0x7ff00000u || (upper == 0x7ff00000u && lower != 0);
}

namespace detail {

/// NaN hidden from the compiler: under -ffinite-math-only it would drop a select of NaN.
BACKFOLD_ALWAYS_INLINE double hidden_nan() {
  std::uint32_t upper = 0x7ff80000u;
  BACKFOLD_HIDE_INTEGER(upper)
  return std::bit_cast<double>(std::uint64_t{upper} << 32);
}

/// x − x: 0, or NaN where x is infinite or NaN.
template <class V>
BACKFOLD_ALWAYS_INLINE V less_itself(const V& x) {
  V minuend = x;
  BACKFOLD_HIDE(minuend.packet)
  V same = minuend;
  BACKFOLD_HIDE(same.packet)
  return minuend - same;
}

/// Σ (x_i − x_i): NaN if one of n numbers is infinite or NaN, else 0. Unlike a sum of the numbers
/// it cannot overflow, and unlike products with 0 it is not slowed down by denormal numbers.
template <Index N, Real S>
BACKFOLD_ALWAYS_INLINE S sum_of_zeros(const S* x, Index n) {
  using V = LanesFor<S, N>;
  V sums[4] = {V(0), V(0), V(0), V(0)};
  Index i = 0;
  for (; i + 4 * V::size <= n; i += 4 * V::size) {
    for (int k = 0; k < 4; ++k) sums[k] += less_itself(V::load(x + i + k * V::size));
  }
  for (; i + V::size <= n; i += V::size) sums[0] += less_itself(V::load(x + i));
  if (i < n) sums[1] += less_itself(V::load(x + i, n - i));
  return sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// True if all n numbers are finite. A NaN sum is confirmed number by number, since -ffast-math may
/// reorder the sum.
template <Real S>
BACKFOLD_NO_INLINE bool each_finite(const S* x, Index n) {
  if (is_finite(sum_of_zeros<Dynamic>(x, n))) return true;
  for (Index j = 0; j < n; ++j) {
    if (!is_finite(x[j])) return false;
  }
  return true;
}

}  // namespace detail

/// True if all n numbers are finite. Pass N if n is known at compile time.
template <Index N = Dynamic, Real S>
[[nodiscard]] BACKFOLD_ALWAYS_INLINE bool all_finite(const S* x, Index n) {
  if constexpr (N > 0 && N * Index{sizeof(S)} <= 512) {
    if (is_finite(detail::sum_of_zeros<N>(x, N))) return true;
  }
  return detail::each_finite(x, n);
}

BACKFOLD_END_NAMESPACE
