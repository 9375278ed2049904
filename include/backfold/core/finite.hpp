// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>

#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

namespace backfold::inline BACKFOLD_ABI {

/// Whether a number is neither infinite nor NaN, by its bits: right under -ffast-math too.
constexpr bool is_finite(float x) {
  return (std::bit_cast<std::uint32_t>(x) & 0x7f800000u) != 0x7f800000u;
}
constexpr bool is_finite(double x) {
  return (std::bit_cast<std::uint64_t>(x) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
}

/// Whether all n numbers are finite.
template <Real S>
bool all_finite(const S* x, Index n) {
  using V = Lanes<S>;
  // A sum of magnitudes stays infinite or NaN once it is; only then each number is looked at.
  V sums[4] = {V(0), V(0), V(0), V(0)};
  Index i = 0;
  for (; i + 4 * V::size <= n; i += 4 * V::size) {
    for (int k = 0; k < 4; ++k) sums[k] += abs(V::load(x + i + k * V::size));
  }
  for (; i + V::size <= n; i += V::size) sums[0] += abs(V::load(x + i));
  if (i < n) sums[0] += abs(V::load(x + i, n - i));
  if (is_finite(sum((sums[0] + sums[1]) + (sums[2] + sums[3])))) return true;
  for (Index j = 0; j < n; ++j) {
    if (!is_finite(x[j])) return false;
  }
  return true;
}

}  // namespace backfold::inline BACKFOLD_ABI
