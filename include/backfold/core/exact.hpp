// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "backfold/core/config.hpp"

/// Correctly rounded division and square root of registers. Eigen 3.4 approximates both on 32-bit
/// ARM, whose vector unit has neither; division on AltiVec without VSX; and the root on AVX-512
/// and, with EIGEN_FAST_MATH, on SSE and AVX.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if the machine's vector unit divides and takes roots.
#if (defined(EIGEN_VECTORIZE_NEON) && !EIGEN_ARCH_ARM64) || \
    (defined(EIGEN_VECTORIZE_ALTIVEC) && !defined(EIGEN_VECTORIZE_VSX))
inline constexpr bool divides_registers = false;
#else
inline constexpr bool divides_registers = true;
#endif

/// Applies f to registers lane by lane.
template <class P, class Function, class... Packets>
BACKFOLD_ALWAYS_INLINE P by_number(const Function& f, const P& first, const Packets&... others) {
  using S = typename Eigen::internal::unpacket_traits<P>::type;
  constexpr int size = Eigen::internal::unpacket_traits<P>::size;
  const auto numbers = [](const P& packet) {
    struct {
      alignas(64) S at[size];
    } result;
    Eigen::internal::pstore(result.at, packet);
    return result;
  };
  auto result = numbers(first);
  [&](const auto&... other) {
    for (int i = 0; i < size; ++i) result.at[i] = f(result.at[i], other.at[i]...);
  }(numbers(others)...);
  return Eigen::internal::pload<P>(result.at);
}

template <class P>
BACKFOLD_ALWAYS_INLINE P exact_quotient(const P& a, const P& b) {
  if constexpr (divides_registers || Eigen::internal::unpacket_traits<P>::size == 1) {
#if defined(__clang__)
    // Under -ffast-math clang multiplies by an approximate reciprocal, whose correction underflows
    // for denormal numbers.
#pragma float_control(precise, on)
    return a / b;
#else
    return Eigen::internal::pdiv(a, b);
#endif
  } else {
    return by_number([](auto x, auto y) { return x / y; }, a, b);
  }
}

template <class P>
BACKFOLD_ALWAYS_INLINE P exact_sqrt(const P& x) {
  if constexpr (divides_registers || Eigen::internal::unpacket_traits<P>::size == 1) {
    return Eigen::internal::psqrt(x);
  } else {
    return by_number([](auto y) { return std::sqrt(y); }, x);
  }
}

#if defined(EIGEN_VECTORIZE_SSE)
BACKFOLD_ALWAYS_INLINE __m128 exact_sqrt(const __m128& x) { return _mm_sqrt_ps(x); }
#endif
#if defined(EIGEN_VECTORIZE_AVX)
BACKFOLD_ALWAYS_INLINE __m256 exact_sqrt(const __m256& x) { return _mm256_sqrt_ps(x); }
#endif
#if defined(EIGEN_VECTORIZE_AVX512)
BACKFOLD_ALWAYS_INLINE __m512 exact_sqrt(const __m512& x) { return _mm512_sqrt_ps(x); }
BACKFOLD_ALWAYS_INLINE __m512d exact_sqrt(const __m512d& x) { return _mm512_sqrt_pd(x); }
#endif

}  // namespace detail

BACKFOLD_END_NAMESPACE
