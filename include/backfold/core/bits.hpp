// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "backfold/core/config.hpp"

/// Bit operations on the numbers in a register, lane by lane. Eigen shifts only registers of
/// integers, and has no 64-bit integers for AVX.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class S>
using BitsOf = std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>;

/// Fallback for any register, through memory.
template <class P, class Function>
BACKFOLD_ALWAYS_INLINE P map_bits(const P& packet, const Function& f) {
  using S = typename Eigen::internal::unpacket_traits<P>::type;
  constexpr int size = Eigen::internal::unpacket_traits<P>::size;
  if constexpr (size == 1) {
    return std::bit_cast<S>(static_cast<BitsOf<S>>(f(std::bit_cast<BitsOf<S>>(packet))));
  } else {
    alignas(64) S numbers[size];
    Eigen::internal::pstore(numbers, packet);
    for (S& number : numbers) number = map_bits<S>(number, f);
    return Eigen::internal::pload<P>(numbers);
  }
}

/// Shifts left; zeros enter at the right.
template <int Count, class P>
BACKFOLD_ALWAYS_INLINE P shift_left(const P& packet) {
  return map_bits(packet, [](auto bits) { return bits << Count; });
}
/// Shifts right; zeros enter at the left.
template <int Count, class P>
BACKFOLD_ALWAYS_INLINE P shift_right(const P& packet) {
  return map_bits(packet, [](auto bits) { return bits >> Count; });
}

/// Shifts by the machine's integer instructions.
#define BACKFOLD_SHIFTS(Packet, as_integers, as_numbers, left, right) \
  template <int Count>                                                \
  BACKFOLD_ALWAYS_INLINE Packet shift_left(const Packet& packet) {    \
    return as_numbers(left(as_integers(packet), Count));              \
  }                                                                   \
  template <int Count>                                                \
  BACKFOLD_ALWAYS_INLINE Packet shift_right(const Packet& packet) {   \
    return as_numbers(right(as_integers(packet), Count));             \
  }

// clang-format off
#if defined(EIGEN_VECTORIZE_SSE)
BACKFOLD_SHIFTS(__m128, _mm_castps_si128, _mm_castsi128_ps, _mm_slli_epi32, _mm_srli_epi32)
BACKFOLD_SHIFTS(__m128d, _mm_castpd_si128, _mm_castsi128_pd, _mm_slli_epi64, _mm_srli_epi64)
#endif
#if defined(EIGEN_VECTORIZE_AVX2)
BACKFOLD_SHIFTS(__m256, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_slli_epi32, _mm256_srli_epi32)
BACKFOLD_SHIFTS(__m256d, _mm256_castpd_si256, _mm256_castsi256_pd, _mm256_slli_epi64, _mm256_srli_epi64)
#endif
#if defined(EIGEN_VECTORIZE_AVX512)
BACKFOLD_SHIFTS(__m512, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_slli_epi32, _mm512_srli_epi32)
BACKFOLD_SHIFTS(__m512d, _mm512_castpd_si512, _mm512_castsi512_pd, _mm512_slli_epi64, _mm512_srli_epi64)
#endif
#if defined(EIGEN_VECTORIZE_NEON)
BACKFOLD_SHIFTS(float32x4_t, vreinterpretq_u32_f32, vreinterpretq_f32_u32, vshlq_n_u32, vshrq_n_u32)
#if EIGEN_ARCH_ARM64
BACKFOLD_SHIFTS(float64x2_t, vreinterpretq_u64_f64, vreinterpretq_f64_u64, vshlq_n_u64, vshrq_n_u64)
#endif
#endif
// clang-format on
#undef BACKFOLD_SHIFTS

#if defined(EIGEN_VECTORIZE_AVX) && !defined(EIGEN_VECTORIZE_AVX2)
// AVX without AVX2 has the shifts of its lower half only.
template <int Count>
BACKFOLD_ALWAYS_INLINE __m256 shift_left(const __m256& packet) {
  return _mm256_set_m128(shift_left<Count>(_mm256_extractf128_ps(packet, 1)),
                         shift_left<Count>(_mm256_castps256_ps128(packet)));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m256 shift_right(const __m256& packet) {
  return _mm256_set_m128(shift_right<Count>(_mm256_extractf128_ps(packet, 1)),
                         shift_right<Count>(_mm256_castps256_ps128(packet)));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m256d shift_left(const __m256d& packet) {
  return _mm256_set_m128d(shift_left<Count>(_mm256_extractf128_pd(packet, 1)),
                          shift_left<Count>(_mm256_castpd256_pd128(packet)));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m256d shift_right(const __m256d& packet) {
  return _mm256_set_m128d(shift_right<Count>(_mm256_extractf128_pd(packet, 1)),
                          shift_right<Count>(_mm256_castpd256_pd128(packet)));
}
#endif

/// Bitwise and, bitwise or. Scalars go through integers: Eigen works on them byte by byte.
template <class P>
BACKFOLD_ALWAYS_INLINE P common_bits(const P& a, const P& b) {
  if constexpr (std::is_floating_point_v<P>) {
    return std::bit_cast<P>(std::bit_cast<BitsOf<P>>(a) & std::bit_cast<BitsOf<P>>(b));
  } else {
    return Eigen::internal::pand(a, b);
  }
}
template <class P>
BACKFOLD_ALWAYS_INLINE P all_bits(const P& a, const P& b) {
  if constexpr (std::is_floating_point_v<P>) {
    return std::bit_cast<P>(std::bit_cast<BitsOf<P>>(a) | std::bit_cast<BitsOf<P>>(b));
  } else {
    return Eigen::internal::por(a, b);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
