// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>

#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Whether a number is neither infinite nor NaN, by its bits: right under -ffast-math too.
constexpr bool is_finite(float x) {
  return (std::bit_cast<std::uint32_t>(x) & 0x7f800000u) != 0x7f800000u;
}
constexpr bool is_finite(double x) {
  return (std::bit_cast<std::uint64_t>(x) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
}

namespace detail {

/// The sum of n magnitudes: infinite or NaN if one of them is.
template <Index N, Real S>
BACKFOLD_ALWAYS_INLINE S sum_of_magnitudes(const S* x, Index n) {
  using V = LanesFor<S, N>;
  V sums[4] = {V(0), V(0), V(0), V(0)};
  Index i = 0;
  for (; i + 4 * V::size <= n; i += 4 * V::size) {
    for (int k = 0; k < 4; ++k) sums[k] += abs(V::load(x + i + k * V::size));
  }
  for (; i + V::size <= n; i += V::size) sums[0] += abs(V::load(x + i));
  if (i < n) sums[1] += abs(V::load(x + i, n - i));
  return sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// Whether all n numbers are finite, where their magnitudes may have an infinite sum.
template <Real S>
BACKFOLD_NO_INLINE bool each_finite(const S* x, Index n) {
  if (is_finite(sum_of_magnitudes<Dynamic>(x, n))) return true;
  for (Index j = 0; j < n; ++j) {
    if (!is_finite(x[j])) return false;
  }
  return true;
}

}  // namespace detail

/// Whether all n numbers are finite; N is n where it is a constant.
template <Index N = Dynamic, Real S>
BACKFOLD_ALWAYS_INLINE bool all_finite(const S* x, Index n) {
  if constexpr (N > 0 && N * Index{sizeof(S)} <= 512) {
    if (is_finite(detail::sum_of_magnitudes<N>(x, N))) return true;
  }
  return detail::each_finite(x, n);
}

BACKFOLD_END_NAMESPACE
