// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "backfold/core/config.hpp"

/// Operations on the bits of the numbers in a register, each number for itself. Eigen shifts only
/// registers of integers, and has none of 64 bits for AVX.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class S>
using BitsOf = std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>;

/// Any register, by way of memory.
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

/// Zeros come in at the right.
template <int Count, class P>
BACKFOLD_ALWAYS_INLINE P shift_left(const P& packet) {
  return map_bits(packet, [](auto bits) { return bits << Count; });
}
/// Zeros come in at the left.
template <int Count, class P>
BACKFOLD_ALWAYS_INLINE P shift_right(const P& packet) {
  return map_bits(packet, [](auto bits) { return bits >> Count; });
}

#if defined(EIGEN_VECTORIZE_SSE)
template <int Count>
BACKFOLD_ALWAYS_INLINE __m128 shift_left(const __m128& packet) {
  return _mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m128 shift_right(const __m128& packet) {
  return _mm_castsi128_ps(_mm_srli_epi32(_mm_castps_si128(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m128d shift_left(const __m128d& packet) {
  return _mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m128d shift_right(const __m128d& packet) {
  return _mm_castsi128_pd(_mm_srli_epi64(_mm_castpd_si128(packet), Count));
}
#endif

#if defined(EIGEN_VECTORIZE_AVX2)
template <int Count>
BACKFOLD_ALWAYS_INLINE __m256 shift_left(const __m256& packet) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m256 shift_right(const __m256& packet) {
  return _mm256_castsi256_ps(_mm256_srli_epi32(_mm256_castps_si256(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m256d shift_left(const __m256d& packet) {
  return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m256d shift_right(const __m256d& packet) {
  return _mm256_castsi256_pd(_mm256_srli_epi64(_mm256_castpd_si256(packet), Count));
}
#elif defined(EIGEN_VECTORIZE_AVX)
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

#if defined(EIGEN_VECTORIZE_AVX512)
template <int Count>
BACKFOLD_ALWAYS_INLINE __m512 shift_left(const __m512& packet) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m512 shift_right(const __m512& packet) {
  return _mm512_castsi512_ps(_mm512_srli_epi32(_mm512_castps_si512(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m512d shift_left(const __m512d& packet) {
  return _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE __m512d shift_right(const __m512d& packet) {
  return _mm512_castsi512_pd(_mm512_srli_epi64(_mm512_castpd_si512(packet), Count));
}
#endif

#if defined(EIGEN_VECTORIZE_NEON)
template <int Count>
BACKFOLD_ALWAYS_INLINE float32x4_t shift_left(const float32x4_t& packet) {
  return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE float32x4_t shift_right(const float32x4_t& packet) {
  return vreinterpretq_f32_u32(vshrq_n_u32(vreinterpretq_u32_f32(packet), Count));
}
#if EIGEN_ARCH_ARM64
template <int Count>
BACKFOLD_ALWAYS_INLINE float64x2_t shift_left(const float64x2_t& packet) {
  return vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(packet), Count));
}
template <int Count>
BACKFOLD_ALWAYS_INLINE float64x2_t shift_right(const float64x2_t& packet) {
  return vreinterpretq_f64_u64(vshrq_n_u64(vreinterpretq_u64_f64(packet), Count));
}
#endif
#endif

/// The bits that both have, and that one of them has. Scalars go by integers: Eigen takes them byte
/// by byte.
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
