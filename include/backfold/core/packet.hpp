// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <type_traits>

#include "backfold/core/exact.hpp"
#include "backfold/core/lane_mask.hpp"
#include "backfold/core/partial_packet.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True for a number that carries a derivative (core/dual.hpp): functions that are written for any
/// scalar take it too.
template <class T>
inline constexpr bool is_dual = false;

}  // namespace detail

/// The scalars that networks compute in; functions written for them also take their duals.
template <class T>
concept Real = std::same_as<T, float> || std::same_as<T, double> || detail::is_dual<T>;

/// Lanes of the widest vector register that Eigen uses for a type on this machine.
template <Real T>
inline constexpr int native_width =
    Eigen::internal::unpacket_traits<typename Eigen::internal::packet_traits<T>::type>::size;

namespace detail {

/// Register width for N numbers: the narrowest that holds them all, else the widest.
template <Real T, Index N>
inline constexpr int width_for = [] {
  int width = native_width<T>;
  while (N > 0 && width / 2 >= N && width / 2 * static_cast<int>(sizeof(T)) >= 16) width /= 2;
  return width;
}();

/// Pins a value in a register: compilers would otherwise reload it from memory at each use.
template <class P>
BACKFOLD_ALWAYS_INLINE void keep_in_register([[maybe_unused]] P& packet) {
#if defined(__GNUC__) && defined(EIGEN_VECTORIZE_AVX512)
  __asm__("" : "+v"(packet));
#elif defined(__GNUC__) && defined(__SSE__)
  __asm__("" : "+x"(packet));
#elif defined(__GNUC__) && defined(__aarch64__)
  __asm__("" : "+w"(packet));
#endif
}

/// Makes clang compute every lane of a register before the value is used. Otherwise clang may leave
/// unused lanes undefined (so that one computes 0/0) and evaluate both sides of a select: each can
/// raise a floating-point exception flag.
template <class P>
BACKFOLD_ALWAYS_INLINE P settled(P packet) {
#if defined(__clang__)
  keep_in_register(packet);
#endif
  return packet;
}

/// Half a register with the sums of both halves, where Eigen's sum over a whole one is slow: its
/// horizontal additions have twice the latency of a shuffle and an addition.
template <class P>
BACKFOLD_ALWAYS_INLINE P half_sums(P packet) {
  return packet;
}
#if defined(EIGEN_VECTORIZE_AVX512)
BACKFOLD_ALWAYS_INLINE __m256d half_sums(__m512d packet) {
  return _mm256_add_pd(_mm512_castpd512_pd256(packet), _mm512_extractf64x4_pd(packet, 1));
}
#endif

}  // namespace detail

/// Several numbers in one vector register: elementwise functions are written in this type.
///
/// A function of Lanes is applied to whole arrays by `transform` (core/elementwise.hpp), which pads
/// the last few elements to a full register: a value never depends on its place in the array.
/// `Packet` is one of Eigen's packet types, so SSE, AVX, AVX-512, NEON and plain scalars all work.
/// Width is the number of lanes: the machine's own, or a smaller one that Eigen has a packet for.
template <Real T, int Width = native_width<T>>
struct Lanes {
  using Scalar = T;
  using P = typename Eigen::internal::find_best_packet<T, Width>::type;
  static constexpr int size = Width;
  static_assert(Eigen::internal::unpacket_traits<P>::size == Width,
                "Lanes: this machine has no register of that many numbers");

  P packet;

  Lanes() = default;
  /// Broadcasts a number to all lanes.
  template <class Number>
  requires std::is_arithmetic_v<Number> BACKFOLD_ALWAYS_INLINE
  Lanes(Number number)  // NOLINT: 1 + x reads as in the formula
      : packet(Eigen::internal::pset1<P>(static_cast<T>(number))) {}

  BACKFOLD_ALWAYS_INLINE static Lanes load(const T* from) {
    Lanes result;
    result.packet = Eigen::internal::ploadu<P>(from);
    return result;
  }

  /// The first `count` lanes from memory, zero in the others. @pre 0 <= count <= size
  BACKFOLD_ALWAYS_INLINE static Lanes load(const T* from, Eigen::Index count) {
    return Lanes::from(detail::load_first<P, size>(from, count));
  }

  BACKFOLD_ALWAYS_INLINE void store(T* to) const { Eigen::internal::pstoreu(to, packet); }

  /// Stores the first `count` lanes; no other memory is touched.
  BACKFOLD_ALWAYS_INLINE void store(T* to, Eigen::Index count) const {
    detail::store_first<size>(to, count, detail::settled(packet));
  }

  /// The first lane.
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE T first() const {
    return Eigen::internal::pfirst(detail::settled(packet));
  }

  BACKFOLD_ALWAYS_INLINE friend Lanes operator+(const Lanes& a, const Lanes& b) {
    return from(Eigen::internal::padd(a.packet, b.packet));
  }
  BACKFOLD_ALWAYS_INLINE friend Lanes operator-(const Lanes& a, const Lanes& b) {
    return from(Eigen::internal::psub(a.packet, b.packet));
  }
  BACKFOLD_ALWAYS_INLINE friend Lanes operator*(const Lanes& a, const Lanes& b) {
    return from(Eigen::internal::pmul(a.packet, b.packet));
  }
  BACKFOLD_ALWAYS_INLINE friend Lanes operator/(const Lanes& a, const Lanes& b) {
    return from(detail::exact_quotient(a.packet, b.packet));
  }
  BACKFOLD_ALWAYS_INLINE Lanes operator-() const { return from(Eigen::internal::pnegate(packet)); }

  BACKFOLD_ALWAYS_INLINE Lanes& operator+=(const Lanes& b) { return *this = *this + b; }
  BACKFOLD_ALWAYS_INLINE Lanes& operator-=(const Lanes& b) { return *this = *this - b; }
  BACKFOLD_ALWAYS_INLINE Lanes& operator*=(const Lanes& b) { return *this = *this * b; }

  /// A comparison of Lanes, lane by lane; | and & combine them.
  using Mask = detail::LaneMask<T, Width, P>;

  BACKFOLD_ALWAYS_INLINE friend Mask operator<(const Lanes& a, const Lanes& b) {
    return Mask::less(a.packet, b.packet);
  }
  BACKFOLD_ALWAYS_INLINE friend Mask operator>(const Lanes& a, const Lanes& b) { return b < a; }
  BACKFOLD_ALWAYS_INLINE friend Mask operator<=(const Lanes& a, const Lanes& b) {
    return Mask::less_or_equal(a.packet, b.packet);
  }
  BACKFOLD_ALWAYS_INLINE friend Mask operator>=(const Lanes& a, const Lanes& b) { return b <= a; }
  BACKFOLD_ALWAYS_INLINE friend Mask operator==(const Lanes& a, const Lanes& b) {
    return Mask::equal(a.packet, b.packet);
  }

  /// Blend by a mask: lanes of `yes` where the mask is set, lanes of `no` elsewhere.
  BACKFOLD_ALWAYS_INLINE friend Lanes select(const Mask& mask, const Lanes& yes, const Lanes& no) {
    return from(mask.choose(yes.packet, no.packet));
  }
  /// a·b + c, rounded once if the machine has FMA.
  BACKFOLD_ALWAYS_INLINE friend Lanes multiply_add(const Lanes& a, const Lanes& b, const Lanes& c) {
    return from(Eigen::internal::pmadd(a.packet, b.packet, c.packet));
  }
  BACKFOLD_ALWAYS_INLINE friend Lanes abs(const Lanes& a) {
    return from(Eigen::internal::pabs(a.packet));
  }
  /// a, or the limit where a is larger (smaller). NaN stays NaN; the limit is a number.
  BACKFOLD_ALWAYS_INLINE friend Lanes at_most(const Lanes& a, const Lanes& limit) {
    return from(Eigen::internal::pmin(a.packet, limit.packet));
  }
  BACKFOLD_ALWAYS_INLINE friend Lanes at_least(const Lanes& a, const Lanes& limit) {
    return from(Eigen::internal::pmax(a.packet, limit.packet));
  }
  /// The larger one; NaN where either is NaN.
  BACKFOLD_ALWAYS_INLINE friend Lanes(max)(const Lanes& a, const Lanes& b) {
    return select(b == b, at_least(a, b), b);
  }
  /// The smaller one; NaN where either is NaN.
  BACKFOLD_ALWAYS_INLINE friend Lanes(min)(const Lanes& a, const Lanes& b) {
    return select(b == b, at_most(a, b), b);
  }
  /// The sum over the lanes.
  BACKFOLD_ALWAYS_INLINE friend T sum(const Lanes& a) {
    return Eigen::internal::predux(detail::half_sums(a.packet));
  }
  /// The largest lane; unspecified where one is NaN.
  BACKFOLD_ALWAYS_INLINE friend T largest(const Lanes& a) {
    return Eigen::internal::predux_max(a.packet);
  }

 private:
  BACKFOLD_ALWAYS_INLINE static Lanes from(const P& p) {
    Lanes result;
    result.packet = p;
    if constexpr (Width == 1) {
      BACKFOLD_ROUND(result.packet)
    }
    return result;
  }
};

/// Lanes for an array of N numbers, N a constant or Dynamic.
template <Real T, Index N>
using LanesFor = Lanes<T, detail::width_for<T, N>>;

BACKFOLD_END_NAMESPACE
