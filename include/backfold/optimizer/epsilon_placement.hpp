// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "backfold/core/math.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Placement of ε in the divisor √v of RMSprop and Adam.
enum class EpsilonPlacement {
  InsideRoot,   ///< η/√(v + ε)
  OutsideRoot,  ///< η/(√v + ε), as in PyTorch and the paper on Adam
};

namespace detail {

/// Clamps the gradient so that its square is finite: an infinite v would freeze the parameter
/// forever.
template <class V>
BACKFOLD_ALWAYS_INLINE V with_finite_square(const V& gradient) {
  const V largest(sizeof(typename V::Scalar) == 4 ? 1e19 : 1e154);
  return at_most(at_least(gradient, -largest), largest);
}

/// 1/√(scale·v + ε), or 1/(√(scale·v) + ε). The radicand is clamped to normal numbers. With ε = 0,
/// a parameter whose gradient was always 0 then does not divide by zero, and an overflow does not
/// give NaN.
template <EpsilonPlacement Placement, class V>
BACKFOLD_ALWAYS_INLINE V over_root(const V& v, const V& scale, const V& epsilon) {
  using Limits = std::numeric_limits<typename V::Scalar>;
  const V smallest((Limits::min)());
  const V largest((Limits::max)());
  if constexpr (Placement == EpsilonPlacement::InsideRoot) {
    return inverse_sqrt(at_most(at_least(multiply_add(v, scale, epsilon), smallest), largest));
  } else {
    const V square = at_most(at_least(v * scale, smallest), largest);
    return inverse(multiply_add(square, inverse_sqrt(square), epsilon));
  }
}

/// Calls f with the placement as a compile-time constant.
template <class Function>
BACKFOLD_ALWAYS_INLINE void with_constant(EpsilonPlacement placement, const Function& f) {
  if (placement == EpsilonPlacement::InsideRoot) {
    f(std::integral_constant<EpsilonPlacement, EpsilonPlacement::InsideRoot>{});
  } else {
    f(std::integral_constant<EpsilonPlacement, EpsilonPlacement::OutsideRoot>{});
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
