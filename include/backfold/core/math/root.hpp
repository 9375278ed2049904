// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/bits.hpp"
#include "backfold/core/packet.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// x².
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> square(const Lanes<S, W>& x) {
  return x * x;
}

/// The square root, rounded once.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> sqrt(const Lanes<S, W>& x) {
  Lanes<S, W> result;
  result.packet = detail::exact_sqrt(x.packet);
  return result;
}

#if defined(EIGEN_VECTORIZE_AVX512)
namespace detail {

/// Hardware approximations with a relative error up to 2^-14. Each Newton step doubles the correct
/// bits.
BACKFOLD_ALWAYS_INLINE __m512 rough_inverse_sqrt(__m512 x) { return _mm512_rsqrt14_ps(x); }
BACKFOLD_ALWAYS_INLINE __m512d rough_inverse_sqrt(__m512d x) { return _mm512_rsqrt14_pd(x); }
BACKFOLD_ALWAYS_INLINE __m512 rough_inverse(__m512 x) { return _mm512_rcp14_ps(x); }
BACKFOLD_ALWAYS_INLINE __m512d rough_inverse(__m512d x) { return _mm512_rcp14_pd(x); }
template <Real S>
inline constexpr int newton_steps = sizeof(S) == 4 ? 1 : 2;

}  // namespace detail
#endif

/// 1/√x for normal x > 0, within 2 ulp. A hardware approximation with Newton steps takes a third of
/// the time of square root and division.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> inverse_sqrt(const Lanes<S, W>& x) {
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (sizeof(S) * W == 64) {
    Lanes<S, W> y;
    y.packet = detail::rough_inverse_sqrt(x.packet);
    BACKFOLD_UNROLL
    for (int step = 0; step < detail::newton_steps<S>; ++step) {
      y = multiply_add(0.5 * y, multiply_add(-(x * y), y, Lanes<S, W>(1)), y);
    }
    return y;
  }
#endif
  return 1 / sqrt(x);
}

/// 1/x for x with a normal reciprocal, from the hardware's approximation where there is one.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> inverse(const Lanes<S, W>& x) {
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (sizeof(S) * W == 64) {
    Lanes<S, W> y;
    y.packet = detail::rough_inverse(x.packet);
    BACKFOLD_UNROLL
    for (int step = 0; step < detail::newton_steps<S>; ++step) {
      y = multiply_add(multiply_add(-x, y, Lanes<S, W>(1)), y, y);
    }
    return y;
  }
#endif
  return 1 / x;
}

BACKFOLD_END_NAMESPACE
