// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "backfold/core/config.hpp"

/// Comparisons of registers, and the blend by their mask.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Lane mask of packet P: all bits of a lane are set where the comparison holds, clear elsewhere.
template <class T, int Size, class P>
struct LaneMask {
  P bits;

  BACKFOLD_ALWAYS_INLINE static LaneMask less(const P& a, const P& b) {
    return {Eigen::internal::pcmp_lt(a, b)};
  }
  BACKFOLD_ALWAYS_INLINE static LaneMask less_or_equal(const P& a, const P& b) {
    return {Eigen::internal::pcmp_le(a, b)};
  }
  BACKFOLD_ALWAYS_INLINE static LaneMask equal(const P& a, const P& b) {
    return {Eigen::internal::pcmp_eq(a, b)};
  }
  BACKFOLD_ALWAYS_INLINE friend LaneMask operator|(const LaneMask& a, const LaneMask& b) {
    return {Eigen::internal::por(a.bits, b.bits)};
  }
  BACKFOLD_ALWAYS_INLINE friend LaneMask operator&(const LaneMask& a, const LaneMask& b) {
    return {Eigen::internal::pand(a.bits, b.bits)};
  }
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE P choose(const P& yes, const P& no) const {
    return Eigen::internal::pselect(bits, yes, no);
  }
};

/// One lane. Eigen's mask would be a floating-point number, whose bits x87 and -ffast-math can
/// change.
template <class T, class P>
struct LaneMask<T, 1, P> {
  bool holds;

  BACKFOLD_ALWAYS_INLINE static LaneMask less(P a, P b) { return {a < b}; }
  BACKFOLD_ALWAYS_INLINE static LaneMask less_or_equal(P a, P b) { return {a <= b}; }
  BACKFOLD_ALWAYS_INLINE static LaneMask equal(P a, P b) { return {a == b}; }
  BACKFOLD_ALWAYS_INLINE friend LaneMask operator|(LaneMask a, LaneMask b) {
    return {a.holds || b.holds};
  }
  BACKFOLD_ALWAYS_INLINE friend LaneMask operator&(LaneMask a, LaneMask b) {
    return {a.holds && b.holds};
  }
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE P choose(P yes, P no) const { return holds ? yes : no; }
};

#if defined(EIGEN_VECTORIZE_AVX512)
/// AVX-512 compares into mask registers (k0–k7). Converting to Eigen's full-width masks and back
/// costs more than the blend.
template <class T, int Size, class P>
requires(sizeof(P) == 64) struct LaneMask<T, Size, P> {
  using Bits = std::conditional_t<Size == 16, __mmask16, __mmask8>;
  Bits bits;

  BACKFOLD_ALWAYS_INLINE static LaneMask less(P a, P b) { return compare<_CMP_LT_OQ>(a, b); }
  BACKFOLD_ALWAYS_INLINE static LaneMask less_or_equal(P a, P b) {
    return compare<_CMP_LE_OQ>(a, b);
  }
  BACKFOLD_ALWAYS_INLINE static LaneMask equal(P a, P b) { return compare<_CMP_EQ_OQ>(a, b); }
  BACKFOLD_ALWAYS_INLINE friend LaneMask operator|(LaneMask a, LaneMask b) {
    return {static_cast<Bits>(a.bits | b.bits)};
  }
  BACKFOLD_ALWAYS_INLINE friend LaneMask operator&(LaneMask a, LaneMask b) {
    return {static_cast<Bits>(a.bits & b.bits)};
  }
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE P choose(P yes, P no) const {
    if constexpr (Size == 16) {
      return _mm512_mask_blend_ps(bits, no, yes);
    } else {
      return _mm512_mask_blend_pd(bits, no, yes);
    }
  }

 private:
  template <int Comparison>
  BACKFOLD_ALWAYS_INLINE static LaneMask compare(P a, P b) {
    if constexpr (Size == 16) {
      return {_mm512_cmp_ps_mask(a, b, Comparison)};
    } else {
      return {_mm512_cmp_pd_mask(a, b, Comparison)};
    }
  }
};
#endif

}  // namespace detail

BACKFOLD_END_NAMESPACE
