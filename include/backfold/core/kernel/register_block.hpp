// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/core/packet.hpp"

/// Square W × W blocks of registers: transposition and horizontal sums. AVX-512 has its own code,
/// with fewer shuffles than Eigen 3.4.

BACKFOLD_BEGIN_NAMESPACE

namespace kernel {

#if defined(EIGEN_VECTORIZE_AVX512)
namespace detail {

/// Quarters 0, 2 (Odd: 1, 3) of a, then of b.
template <bool Odd>
BACKFOLD_ALWAYS_INLINE __m512 quarters(__m512 a, __m512 b) {
  return _mm512_shuffle_f32x4(a, b, Odd ? 0xdd : 0x88);
}
template <bool Odd>
BACKFOLD_ALWAYS_INLINE __m512d quarters(__m512d a, __m512d b) {
  return _mm512_shuffle_f64x2(a, b, Odd ? 0xdd : 0x88);
}
/// Within each quarter: the low (High: high) numbers of a and b in turn.
template <bool High>
BACKFOLD_ALWAYS_INLINE __m512d interleaved(__m512d a, __m512d b) {
  return High ? _mm512_unpackhi_pd(a, b) : _mm512_unpacklo_pd(a, b);
}
template <bool High>
BACKFOLD_ALWAYS_INLINE __m512 interleaved(__m512 a, __m512 b) {
  return High ? _mm512_unpackhi_ps(a, b) : _mm512_unpacklo_ps(a, b);
}
/// Interleaves pairs of numbers.
template <bool High>
BACKFOLD_ALWAYS_INLINE __m512 interleaved_pairs(__m512 a, __m512 b) {
  return _mm512_castpd_ps(interleaved<High>(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}

}  // namespace detail
#endif

/// Lane j of register i becomes lane i of register j.
template <class V>
BACKFOLD_ALWAYS_INLINE void transpose_registers(V (&block)[V::size]) {
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (sizeof(V) == 64) {
    constexpr int apart =
        V::size / 4;  // registers that hold the same columns, after the first part
    BACKFOLD_UNROLL
    for (int i = 0; i < V::size; i += 2) {
      const auto a = block[i].packet;
      const auto b = block[i + 1].packet;
      block[i].packet = detail::interleaved<false>(a, b);
      block[i + 1].packet = detail::interleaved<true>(a, b);
    }
    if constexpr (V::size == 16) {
      BACKFOLD_UNROLL
      for (int i = 0; i < V::size; i += 4) {
        const auto a = block[i].packet;
        const auto b = block[i + 1].packet;
        const auto c = block[i + 2].packet;
        const auto d = block[i + 3].packet;
        block[i].packet = detail::interleaved_pairs<false>(a, c);
        block[i + 1].packet = detail::interleaved_pairs<true>(a, c);
        block[i + 2].packet = detail::interleaved_pairs<false>(b, d);
        block[i + 3].packet = detail::interleaved_pairs<true>(b, d);
      }
    }
    BACKFOLD_UNROLL
    for (int c = 0; c < apart; ++c) {
      const auto a = block[c].packet;
      const auto b = block[c + apart].packet;
      const auto d = block[c + 2 * apart].packet;
      const auto e = block[c + 3 * apart].packet;
      const auto even = detail::quarters<false>(a, b);
      const auto odd = detail::quarters<true>(a, b);
      const auto more_even = detail::quarters<false>(d, e);
      const auto more_odd = detail::quarters<true>(d, e);
      block[c].packet = detail::quarters<false>(even, more_even);
      block[c + apart].packet = detail::quarters<false>(odd, more_odd);
      block[c + 2 * apart].packet = detail::quarters<true>(even, more_even);
      block[c + 3 * apart].packet = detail::quarters<true>(odd, more_odd);
    }
    return;
  }
#endif
  if constexpr (V::size > 1) {
    Eigen::internal::PacketBlock<typename V::P, V::size> packets;
    for (int i = 0; i < V::size; ++i) packets.packet[i] = block[i].packet;
    Eigen::internal::ptranspose(packets);
    for (int i = 0; i < V::size; ++i) block[i].packet = packets.packet[i];
  }
}

/// Horizontal sums: lane i of the result is the sum over the lanes of register i.
template <class V>
BACKFOLD_ALWAYS_INLINE V sums_of(V (&block)[V::size]) {
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (sizeof(V) == 64) {
    // Halves the number of registers four (three) times, which is half the work of a transposition.
    auto halve = [&]<int Count>(std::integral_constant<int, Count>, auto merge) {
      BACKFOLD_UNROLL
      for (int c = 0; c < Count; ++c) {
        const auto parts = merge(block[2 * c].packet, block[2 * c + 1].packet);
        block[c].packet = Eigen::internal::padd(parts.first, parts.second);
      }
    };
    using P = typename V::P;
    auto numbers = [](P a, P b) BACKFOLD_INLINE_LAMBDA {
      return std::pair(detail::interleaved<false>(a, b), detail::interleaved<true>(a, b));
    };
    auto quarters = [](P a, P b) BACKFOLD_INLINE_LAMBDA {
      return std::pair(detail::quarters<false>(a, b), detail::quarters<true>(a, b));
    };
    halve(std::integral_constant<int, V::size / 2>{}, numbers);
    if constexpr (V::size == 16) {
      halve(std::integral_constant<int, 4>{}, [](P a, P b) BACKFOLD_INLINE_LAMBDA {
        return std::pair(detail::interleaved_pairs<false>(a, b),
                         detail::interleaved_pairs<true>(a, b));
      });
    }
    halve(std::integral_constant<int, 2>{}, quarters);
    halve(std::integral_constant<int, 1>{}, quarters);
    return block[0];
  }
#endif
  transpose_registers(block);
  for (int step = V::size / 2; step > 0; step /= 2) {
    for (int c = 0; c < step; ++c) block[c] += block[c + step];
  }
  return block[0];
}

}  // namespace kernel

BACKFOLD_END_NAMESPACE
