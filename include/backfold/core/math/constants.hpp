// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <iterator>
#include <limits>

#include "backfold/core/bits.hpp"
#include "backfold/core/packet.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <Real S>
struct MathConstants;

template <>
struct MathConstants<float> {
  static constexpr int mantissa_bits = 23;
  static constexpr float bias = 127;
  static constexpr float scale = 512;  // 2^(number of exponent bits + 1)
  static constexpr float ln2_high = 0.693359375f;
  static constexpr float ln2_low = -2.12194440e-4f;
  static constexpr float ln2 = 0.693147182f;
  static constexpr float ln2_error = -1.904654290e-9f;  // ln 2 less that
  static constexpr float largest = 88.7228317f;         // the largest x with a finite exp(x)
  static constexpr float smallest = -87.3365448f;       // ln of the smallest normal number
  static constexpr std::uint32_t infinity = 0x7f800000u;
  static constexpr std::uint32_t not_a_number = 0x7fc00000u;
  static constexpr float denormal_scale = 0x1p25f;
  static constexpr float denormal_exponent = 25;
  // (exp(r) − 1 − r)/r²
  static constexpr float exp_terms[] = {0.5f, 0.166665769896987757f, 0.0416665546172045742f,
                                        0.00836317905272257737f, 0.00139261835877134945f};
  // (ln((1 + s)/(1 − s)) − 2s)/s³ in s²
  static constexpr float log_terms[] = {0.66666662693f, 0.40000972152f, 0.28498786688f,
                                        0.24279078841f};
};

template <>
struct MathConstants<double> {
  static constexpr int mantissa_bits = 52;
  static constexpr double bias = 1023;
  static constexpr double scale = 4096;
  static constexpr double ln2_high = 0.6931471803691238;
  static constexpr double ln2_low = 1.9082149292705877e-10;
  static constexpr double ln2 = 0.69314718055994531;
  static constexpr double ln2_error = 2.3190468138462996e-17;
  static constexpr double largest = 709.782712893384;
  static constexpr double smallest = -708.3964185322641;
  static constexpr std::uint64_t infinity = 0x7ff0000000000000u;
  static constexpr std::uint64_t not_a_number = 0x7ff8000000000000u;
  static constexpr double denormal_scale = 0x1p54;
  static constexpr double denormal_exponent = 54;
  static constexpr double exp_terms[] = {0.500000000000000102,     0.166666666666666675,
                                         0.0416666666666241279,    0.00833333333333006183,
                                         0.00138888889172137169,   0.000198412698630536169,
                                         0.0000248015212959543751, 2.75572684599970648e-6,
                                         2.76200884454097482e-7,   2.51003854955103191e-8};
  static constexpr double log_terms[] = {
      0.6666666666666735130, 0.3999999999940941908, 0.2857142874366239149, 0.2222219843214978396,
      0.1818357216161805012, 0.1531383769920937332, 0.1479819860511658591};
};

/// The terms of (exp(2s) − 1)/2 in s, (exp(2s) − 1 − 2s)/(2s²): exp_terms times powers of two.
template <Real S>
struct HalfExpTerms {
  S at[std::size(MathConstants<S>::exp_terms)];
};
template <Real S>
inline constexpr auto half_exp_terms = [] {
  HalfExpTerms<S> terms{};
  S factor = 2;
  for (std::size_t k = 0; k < std::size(terms.at); ++k, factor *= 2) {
    terms.at[k] = factor * MathConstants<S>::exp_terms[k];
  }
  return terms;
}();

/// Infinity, and NaN. Hidden from the compiler: under -ffinite-math-only it would drop a select of
/// a constant that is not finite.
template <class V>
BACKFOLD_ALWAYS_INLINE V infinite() {
  using S = typename V::Scalar;
  V result(std::bit_cast<S>(MathConstants<S>::infinity));
  BACKFOLD_HIDE(result.packet)
  return result;
}
template <class V>
BACKFOLD_ALWAYS_INLINE V not_a_number() {
  using S = typename V::Scalar;
  V result(std::bit_cast<S>(MathConstants<S>::not_a_number));
  BACKFOLD_HIDE(result.packet)
  return result;
}

/// Σ c_(First+k) x^k over `Count` terms, from x, x², x⁴ and so on.
template <std::size_t First, std::size_t Count, class V, class S>
BACKFOLD_ALWAYS_INLINE V polynomial_part(const V* powers, const S* c) {
  if constexpr (Count == 1) {
    return V(c[First]);
  } else {
    constexpr std::size_t half = std::bit_ceil(Count) / 2;
    return multiply_add(polynomial_part<First + half, Count - half>(powers, c),
                        powers[std::bit_width(half) - 1], polynomial_part<First, half>(powers, c));
  }
}

/// Σ c_k x^k by Estrin's scheme: neighbours are joined by x, pairs by x², and so on. Its latency is
/// that of log₂ N multiply-adds; Horner's rule on even and odd terms has N/2 in a row.
template <class V, class S, std::size_t N>
BACKFOLD_ALWAYS_INLINE V polynomial(const V& x, const S (&c)[N]) {
  static_assert(N <= 16);
  const V x2 = x * x;
  const V x4 = x2 * x2;
  const V powers[] = {x, x2, x4, x4 * x4};
  return polynomial_part<0, N>(powers, c);
}

/// −|x|, by setting the sign bit.
template <class V>
BACKFOLD_ALWAYS_INLINE V minus_abs(const V& x) {
  V result;
  result.packet = all_bits(x.packet, V(-0.0).packet);
  return result;
}

/// The magnitude of a with the sign of b.
template <class V>
BACKFOLD_ALWAYS_INLINE V copy_sign(const V& magnitude, const V& sign) {
  V result;
  result.packet = all_bits(magnitude.packet, common_bits(sign.packet, V(-0.0).packet));
  return result;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
