// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "backfold/core/types.hpp"

/// Loads and stores of the first few numbers of a register; memory after them is not touched.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

#if defined(EIGEN_VECTORIZE_SSE)
/// Widens a register with zeros, or returns its low half.
BACKFOLD_ALWAYS_INLINE void resize(__m128 from, __m128& to) { to = from; }
BACKFOLD_ALWAYS_INLINE void resize(__m128d from, __m128d& to) { to = from; }
#endif
#if defined(EIGEN_VECTORIZE_AVX)
BACKFOLD_ALWAYS_INLINE void resize(__m256 from, __m256& to) { to = from; }
BACKFOLD_ALWAYS_INLINE void resize(__m256d from, __m256d& to) { to = from; }
BACKFOLD_ALWAYS_INLINE void resize(__m128 from, __m256& to) { to = _mm256_zextps128_ps256(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m128d from, __m256d& to) { to = _mm256_zextpd128_pd256(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m256 from, __m128& to) { to = _mm256_castps256_ps128(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m256d from, __m128d& to) { to = _mm256_castpd256_pd128(from); }
#endif
#if defined(EIGEN_VECTORIZE_AVX512)
BACKFOLD_ALWAYS_INLINE void resize(__m128 from, __m512& to) { to = _mm512_zextps128_ps512(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m128d from, __m512d& to) { to = _mm512_zextpd128_pd512(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m256 from, __m512& to) { to = _mm512_zextps256_ps512(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m256d from, __m512d& to) { to = _mm512_zextpd256_pd512(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m512 from, __m128& to) { to = _mm512_castps512_ps128(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m512d from, __m128d& to) { to = _mm512_castpd512_pd128(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m512 from, __m256& to) { to = _mm512_castps512_ps256(from); }
BACKFOLD_ALWAYS_INLINE void resize(__m512d from, __m256d& to) { to = _mm512_castpd512_pd256(from); }
#endif

#if defined(EIGEN_VECTORIZE_SSE)
/// Loads `count` numbers as a narrower whole register; false if no register has that width.
template <int Size, class P>
BACKFOLD_ALWAYS_INLINE bool load_whole(const float* from, Index count, P& packet) {
  if (count == 1) {
    resize(_mm_load_ss(from), packet);
  } else if (count == 2) {
    resize(_mm_loadl_pi(_mm_setzero_ps(), reinterpret_cast<const __m64*>(from)), packet);
  } else if (count == 4) {
    resize(_mm_loadu_ps(from), packet);
#if defined(EIGEN_VECTORIZE_AVX)
  } else if (Size >= 8 && count == 8) {
    if constexpr (Size >= 8) resize(_mm256_loadu_ps(from), packet);
#endif
  } else {
    return false;
  }
  return true;
}
template <int Size, class P>
BACKFOLD_ALWAYS_INLINE bool load_whole(const double* from, Index count, P& packet) {
  if (count == 1) {
    resize(_mm_load_sd(from), packet);
  } else if (count == 2) {
    resize(_mm_loadu_pd(from), packet);
#if defined(EIGEN_VECTORIZE_AVX)
  } else if (Size >= 4 && count == 4) {
    if constexpr (Size >= 4) resize(_mm256_loadu_pd(from), packet);
#endif
  } else {
    return false;
  }
  return true;
}

template <int Size, class P>
BACKFOLD_ALWAYS_INLINE bool store_whole(float* to, Index count, const P& packet) {
  __m128 low;
  resize(packet, low);
  if (count == 1) {
    _mm_store_ss(to, low);
  } else if (count == 2) {
    _mm_storel_pi(reinterpret_cast<__m64*>(to), low);
  } else if (count == 4) {
    _mm_storeu_ps(to, low);
#if defined(EIGEN_VECTORIZE_AVX)
  } else if (Size >= 8 && count == 8) {
    if constexpr (Size >= 8) {
      __m256 half;
      resize(packet, half);
      _mm256_storeu_ps(to, half);
    }
#endif
  } else {
    return false;
  }
  return true;
}
template <int Size, class P>
BACKFOLD_ALWAYS_INLINE bool store_whole(double* to, Index count, const P& packet) {
  __m128d low;
  resize(packet, low);
  if (count == 1) {
    _mm_store_sd(to, low);
  } else if (count == 2) {
    _mm_storeu_pd(to, low);
#if defined(EIGEN_VECTORIZE_AVX)
  } else if (Size >= 4 && count == 4) {
    if constexpr (Size >= 4) {
      __m256d half;
      resize(packet, half);
      _mm256_storeu_pd(to, half);
    }
#endif
  } else {
    return false;
  }
  return true;
}
#endif

#if defined(EIGEN_VECTORIZE_SSE)
/// Partial load and store of a 128-bit register by halves, chosen by the bits of the count: masked
/// stores are slow on some processors.
BACKFOLD_ALWAYS_INLINE __m128 load_small(const float* from, Index count) {
  if (count & 4) return _mm_loadu_ps(from);
  const __m128 last = count & 1 ? _mm_load_ss(from + (count & 2)) : _mm_setzero_ps();
  if (!(count & 2)) return last;
  const __m128 two = _mm_loadl_pi(_mm_setzero_ps(), reinterpret_cast<const __m64*>(from));
  return _mm_movelh_ps(two, last);
}
BACKFOLD_ALWAYS_INLINE __m128d load_small(const double* from, Index count) {
  if (count & 2) return _mm_loadu_pd(from);
  return count & 1 ? _mm_load_sd(from) : _mm_setzero_pd();
}
BACKFOLD_ALWAYS_INLINE void store_small(float* to, Index count, __m128 packet) {
  if (count & 4) return _mm_storeu_ps(to, packet);
  if (count & 2) {
    _mm_storel_pi(reinterpret_cast<__m64*>(to), packet);
    packet = _mm_movehl_ps(packet, packet);
    to += 2;
  }
  if (count & 1) _mm_store_ss(to, packet);
}
BACKFOLD_ALWAYS_INLINE void store_small(double* to, Index count, __m128d packet) {
  if (count & 2) return _mm_storeu_pd(to, packet);
  if (count & 1) _mm_store_sd(to, packet);
}
#endif

#if defined(EIGEN_VECTORIZE_AVX)
BACKFOLD_ALWAYS_INLINE __m256i mask32(Index count) {
  static constexpr std::int32_t bits[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bits + 8 - count));
}
BACKFOLD_ALWAYS_INLINE __m256i mask64(Index count) {
  static constexpr std::int64_t bits[8] = {-1, -1, -1, -1};
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bits + 4 - count));
}
#endif

/// The first `count` of a register's Size numbers, zero in the others. @pre 0 <= count <= Size
///
/// Masked stores defeat store-to-load forwarding, so a constant count that fills a narrower
/// register uses a plain load and store of that width.
template <class P, int Size, class T>
BACKFOLD_ALWAYS_INLINE P load_first(const T* from, Index count) {
  if (BACKFOLD_IS_CONSTANT(count)) {
    if (count == Size) return Eigen::internal::ploadu<P>(from);
#if defined(EIGEN_VECTORIZE_SSE)
    if constexpr (Size > 1) {
      P packet;
      if (load_whole<Size>(from, count, packet)) return packet;
    }
#endif
  }
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (sizeof(T) == 4 && sizeof(P) == 64) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
  } else if constexpr (sizeof(T) == 8 && sizeof(P) == 64) {
    return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), from);
  }
#endif
#if defined(EIGEN_VECTORIZE_AVX512) && defined(__AVX512VL__)
  [[maybe_unused]] const auto first = static_cast<__mmask8>((1u << count) - 1);
  if constexpr (sizeof(T) == 4 && sizeof(P) == 32) {
    return _mm256_maskz_loadu_ps(first, from);
  } else if constexpr (sizeof(T) == 8 && sizeof(P) == 32) {
    return _mm256_maskz_loadu_pd(first, from);
  }
#elif defined(EIGEN_VECTORIZE_AVX)
  if constexpr (sizeof(T) == 4 && sizeof(P) == 32) {
    return _mm256_maskload_ps(from, mask32(count));
  } else if constexpr (sizeof(T) == 8 && sizeof(P) == 32) {
    return _mm256_maskload_pd(from, mask64(count));
  }
#endif
#if defined(EIGEN_VECTORIZE_SSE)
  if constexpr (sizeof(P) == 16) return load_small(from, count);
#endif
  alignas(64) T buffer[Size] = {};
  for (int i = 0; i < Size; ++i) {
    if (i < count) buffer[i] = from[i];
  }
  return Eigen::internal::pload<P>(buffer);
}

/// Stores the first `count` numbers of a register.
template <int Size, class T, class P>
BACKFOLD_ALWAYS_INLINE void store_first(T* to, Index count, const P& packet) {
  if (BACKFOLD_IS_CONSTANT(count)) {
    if (count == Size) return Eigen::internal::pstoreu(to, packet);
#if defined(EIGEN_VECTORIZE_SSE)
    if constexpr (Size > 1) {
      if (store_whole<Size>(to, count, packet)) return;
    }
#endif
  }
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (sizeof(T) == 4 && sizeof(P) == 64) {
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), packet);
    return;
  } else if constexpr (sizeof(T) == 8 && sizeof(P) == 64) {
    _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1u << count) - 1), packet);
    return;
  }
#endif
#if defined(EIGEN_VECTORIZE_AVX512) && defined(__AVX512VL__)
  [[maybe_unused]] const auto first = static_cast<__mmask8>((1u << count) - 1);
  if constexpr (sizeof(T) == 4 && sizeof(P) == 32) {
    return _mm256_mask_storeu_ps(to, first, packet);
  } else if constexpr (sizeof(T) == 8 && sizeof(P) == 32) {
    return _mm256_mask_storeu_pd(to, first, packet);
  }
#elif defined(EIGEN_VECTORIZE_AVX)
  if constexpr (sizeof(T) == 4 && sizeof(P) == 32) {
    _mm256_maskstore_ps(to, mask32(count), packet);
    return;
  } else if constexpr (sizeof(T) == 8 && sizeof(P) == 32) {
    _mm256_maskstore_pd(to, mask64(count), packet);
    return;
  }
#endif
#if defined(EIGEN_VECTORIZE_SSE)
  if constexpr (sizeof(P) == 16) return store_small(to, count, packet);
#endif
  alignas(64) T buffer[Size];
  Eigen::internal::pstore(buffer, packet);
  for (int i = 0; i < Size; ++i) {
    if (i < count) to[i] = buffer[i];
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
