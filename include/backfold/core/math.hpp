// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <limits>

#include "backfold/core/packet.hpp"

/// Elementary functions of Lanes. They are Backfold's own where Eigen 3.4's lose accuracy, keep
/// results that should be 0, or are not vectorised for double. NaN in, NaN out; infinities are
/// right; results below the smallest normal number are 0. The coefficients are minimax fits.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// exp(x) = 2^n (1 + q): the parts that exp, sigmoid and tanh are made of.
template <class V>
struct ExpParts {
  V power;  ///< 2^n
  V q;      ///< exp(r) − 1 with |r| <= ln(2)/2
};

template <Real S>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float magic = 12582912.f;          // 1.5·2^23: adding it rounds to an integer
  static constexpr float exponent_magic = 8388735.f;  // 2^23 + 127
  static constexpr int mantissa_bits = 23;
  static constexpr float ln2_high = 0.693359375f;
  static constexpr float ln2_low = -2.12194440e-4f;
  static constexpr float largest = 88.7228391f;    // ln of the largest number
  static constexpr float smallest = -87.3365448f;  // ln of the smallest normal number
  // (exp(r) − 1 − r)/r²
  static constexpr float coefficients[] = {0.5f, 0.166665769896987757f, 0.0416665546172045742f,
                                           0.00836317905272257737f, 0.00139261835877134945f};
};

template <>
struct ExpConstants<double> {
  static constexpr double magic = 6755399441055744.;           // 1.5·2^52
  static constexpr double exponent_magic = 4503599627371519.;  // 2^52 + 1023
  static constexpr int mantissa_bits = 52;
  static constexpr double ln2_high = 0.6931471803691238;
  static constexpr double ln2_low = 1.9082149292705877e-10;
  static constexpr double largest = 709.782712893384;
  static constexpr double smallest = -708.3964185322641;
  static constexpr double coefficients[] = {0.500000000000000102,     0.166666666666666675,
                                            0.0416666666666241279,    0.00833333333333006183,
                                            0.00138888889172137169,   0.000198412698630536169,
                                            0.0000248015212959543751, 2.75572684599970648e-6,
                                            2.76200884454097482e-7,   2.51003854955103191e-8};
};

/// Σ c_k x^k by Horner's rule on even and odd terms: half the latency.
template <class V, class S, std::size_t N>
BACKFOLD_ALWAYS_INLINE V polynomial(const V& x, const S (&c)[N]) {
  const V x2 = x * x;
  constexpr int top = static_cast<int>(N) - 1;
  V a(c[top]);
  V b(c[top - 1]);
  for (int k = top - 2; k >= 1; k -= 2) {
    a = multiply_add(a, x2, V(c[k]));
    b = multiply_add(b, x2, V(c[k - 1]));
  }
  if constexpr (top % 2 == 0) return multiply_add(b, x, multiply_add(a, x2, V(c[0])));
  return multiply_add(a, x, b);
}

/// 2^n for integers n with 2^n normal.
template <class V>
BACKFOLD_ALWAYS_INLINE V power_of_two(const V& n) {
  using S = typename V::Scalar;
  using K = ExpConstants<S>;
  [[maybe_unused]] constexpr int bytes = sizeof(S) * V::size;
  V result;
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (bytes == 64 && sizeof(S) == 4) {
    result.packet = _mm512_scalef_ps(V(1).packet, n.packet);
    return result;
  } else if constexpr (bytes == 64) {
    result.packet = _mm512_scalef_pd(V(1).packet, n.packet);
    return result;
  }
#endif
  // n + 2^mantissa_bits + bias holds the biased exponent in its low bits: shift it into place.
  [[maybe_unused]] const V shifted = n + V(K::exponent_magic);
#if defined(EIGEN_VECTORIZE_AVX2)
  if constexpr (bytes == 32 && sizeof(S) == 4) {
    result.packet = _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_castps_si256(shifted.packet), K::mantissa_bits));
    return result;
  } else if constexpr (bytes == 32) {
    result.packet = _mm256_castsi256_pd(
        _mm256_slli_epi64(_mm256_castpd_si256(shifted.packet), K::mantissa_bits));
    return result;
  }
#endif
#if defined(EIGEN_VECTORIZE_SSE)
  if constexpr (bytes == 16 && sizeof(S) == 4) {
    result.packet =
        _mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(shifted.packet), K::mantissa_bits));
    return result;
  } else if constexpr (bytes == 16) {
    result.packet =
        _mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(shifted.packet), K::mantissa_bits));
    return result;
  }
#endif
  if constexpr (V::size == 1) {
    using Bits = std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>;
    result.packet = std::bit_cast<S>(
        static_cast<Bits>(std::bit_cast<Bits>(shifted.first()) << K::mantissa_bits));
    return result;
  } else {
    result.packet = Eigen::internal::pldexp(V(1).packet, n.packet);
    return result;
  }
}

/// exp(x) − 1, relative accuracy near 0 included.
template <class V>
BACKFOLD_ALWAYS_INLINE V less_one(const ExpParts<V>& parts) {
  V power_less_one = parts.power - 1;
  BACKFOLD_HIDE(power_less_one.packet)
  return multiply_add(parts.power, parts.q, power_less_one);
}

/// @pre smallest <= x, and 2^n is finite: x < largest − ln(2)/2
template <class V>
BACKFOLD_ALWAYS_INLINE ExpParts<V> exp_parts(const V& x, const V& n) {
  using K = ExpConstants<typename V::Scalar>;
  V r = multiply_add(n, V(-K::ln2_high), x);
  BACKFOLD_HIDE(r.packet)
  r = multiply_add(n, V(-K::ln2_low), r);
  return {power_of_two(n), multiply_add(polynomial(r, K::coefficients), r * r, r)};
}

/// The integer nearest to x/ln 2.
template <class V>
BACKFOLD_ALWAYS_INLINE V nearest_power(const V& x) {
  using K = ExpConstants<typename V::Scalar>;
  constexpr double inverse_ln2 = 1.4426950408889634;
  V rounded = multiply_add(x, V(inverse_ln2), V(K::magic));
  BACKFOLD_HIDE(rounded.packet)
  return rounded - V(K::magic);
}

/// The magnitude of a with the sign of b.
template <class V>
BACKFOLD_ALWAYS_INLINE V copy_sign(const V& magnitude, const V& sign) {
  const V mask(-0.0);
  V result;
  result.packet =
      Eigen::internal::por(magnitude.packet, Eigen::internal::pand(sign.packet, mask.packet));
  return result;
}

}  // namespace detail

/// eˣ, within 2 ulp.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> exp(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::ExpConstants<S>;
  const V inside = at_least(at_most(x, V(K::largest)), V(K::smallest));
  const V n = detail::nearest_power(inside);
  // One power of two too many at the upper end is taken from n and given back as a product.
  constexpr double largest_power = std::numeric_limits<S>::max_exponent - 1;
  const V low = select(n > V(largest_power), V(largest_power), n);
  const auto parts = detail::exp_parts(inside, n);
  const V power = detail::power_of_two(low);
  V result = multiply_add(power, parts.q, power) * (1 + (n - low));
  result = select(x > V(K::largest), V(std::numeric_limits<S>::infinity()), result);
  return select(x < V(K::smallest), V(0), result);
}

/// The logistic function 1/(1 + e⁻ˣ), within 3 ulp.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> sigmoid(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::ExpConstants<S>;
  const V inside = at_least(-abs(x), V(K::smallest));
  const auto parts = detail::exp_parts(inside, detail::nearest_power(inside));
  const V e = multiply_add(parts.power, parts.q, parts.power);
  const V result = select(x < V(0), e, V(1)) / (1 + e);
  return select(x < V(K::smallest), V(0), result);
}

/// The smaller one of the logistic function of x and of −x, which add up to 1: within 3 ulp, and a
/// normal number, not 0, however large x is.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> smaller_sigmoid(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::ExpConstants<S>;
  const V inside = at_least(-abs(x), V(K::smallest));
  const auto parts = detail::exp_parts(inside, detail::nearest_power(inside));
  const V e = multiply_add(parts.power, parts.q, parts.power);
  return e / (1 + e);
}

/// tanh x = m/(m + 2) with m = e²ˣ − 1, within 3 ulp, also near 0.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> tanh(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  constexpr double one_from_here = sizeof(S) == 4 ? 20 : 40;  // tanh(x/2) rounds to 1
  const V twice = at_most(abs(x) + abs(x), V(one_from_here));
  const auto parts = detail::exp_parts(twice, detail::nearest_power(twice));
  const V m = detail::less_one(parts);
  return detail::copy_sign(m / (m + 2), x);
}

/// ln x, −∞ at 0, NaN below.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> log(const Lanes<S, W>& x) {
  Lanes<S, W> result;
  result.packet = Eigen::internal::plog(x.packet);
  return result;
}

/// ln(1 + x), also near 0. W. Kahan's form: the rounding of 1 + x cancels.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> log1p(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  V u = 1 + x;
  BACKFOLD_HIDE(u.packet)
  const V exact = log(u) * (x / (u - 1));
  return select((u == V(1)) | (u == V(std::numeric_limits<S>::infinity())), x, exact);
}

/// eˣ − 1, also near 0.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> expm1(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::ExpConstants<S>;
  const V inside = at_least(at_most(x, V(K::largest - 1)), V(-40.0));
  const auto parts = detail::exp_parts(inside, detail::nearest_power(inside));
  const V m = detail::less_one(parts);
  return select(x > V(K::largest - 1), exp(x), m);
}

/// ln(1 + eˣ), finite for every finite x.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> softplus(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  return at_least(x, V(0)) + log1p(exp(-abs(x)));
}

/// x².
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> square(const Lanes<S, W>& x) {
  return x * x;
}

/// The square root, rounded once.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> sqrt(const Lanes<S, W>& x) {
  Lanes<S, W> result;
#if defined(EIGEN_VECTORIZE_AVX512)
  // Eigen's is an approximation there.
  if constexpr (sizeof(S) * W == 64 && sizeof(S) == 4) {
    result.packet = _mm512_sqrt_ps(x.packet);
    return result;
  } else if constexpr (sizeof(S) * W == 64) {
    result.packet = _mm512_sqrt_pd(x.packet);
    return result;
  }
#endif
#if defined(EIGEN_VECTORIZE_AVX)
  if constexpr (sizeof(S) * W == 32 && sizeof(S) == 4) {
    result.packet = _mm256_sqrt_ps(x.packet);
    return result;
  }
#endif
#if defined(EIGEN_VECTORIZE_SSE)
  if constexpr (sizeof(S) * W == 16 && sizeof(S) == 4) {
    result.packet = _mm_sqrt_ps(x.packet);
    return result;
  }
#endif
  result.packet = Eigen::internal::psqrt(x.packet);
  return result;
}

/// 1/√x for normal x > 0, within 2 ulp: where the machine has an approximation of float, that and a
/// Newton step take a third of the time of root and division.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> inverse_sqrt(const Lanes<S, W>& x) {
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (sizeof(S) == 4 && W == 16) {
    Lanes<S, W> y;
    y.packet = _mm512_rsqrt14_ps(x.packet);
    return multiply_add(0.5 * y, multiply_add(-(x * y), y, Lanes<S, W>(1)), y);
  }
#endif
  return 1 / sqrt(x);
}

/// 1/x for x with a normal reciprocal, in the same way.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> inverse(const Lanes<S, W>& x) {
#if defined(EIGEN_VECTORIZE_AVX512)
  if constexpr (sizeof(S) == 4 && W == 16) {
    Lanes<S, W> y;
    y.packet = _mm512_rcp14_ps(x.packet);
    return multiply_add(multiply_add(-x, y, Lanes<S, W>(1)), y, y);
  }
#endif
  return 1 / x;
}

namespace detail {

template <Real S>
inline constexpr int erfc_terms = sizeof(S) == 4 ? 13 : 29;

// erfc(z)·exp(z²)·(2 + z)/2 in Chebyshev polynomials of 4/(2 + z) − 1, z >= 0.
inline constexpr double erfc_coefficients[29] = {
    0.577033738616469689,     0.355436921270498487,     0.0650951588287865246,
    0.00367114239583663917,   -0.0011128447433526325,   -0.000160758299153780798,
    0.0000327803157417313706, 5.44244164550501603e-6,   -1.51546655531714816e-6,
    -1.42976081811698649e-7,  8.23460882741949343e-8,   -1.29628468523065625e-9,
    -4.1547216310151983e-9,   6.34705827836281118e-10,  1.43208227122562237e-10,
    -6.16039010520458554e-11, 2.06121385547216963e-12,  3.57149314884770445e-12,
    -8.58642284325179648e-13, -6.14560021379063055e-14, 7.41872574859661706e-14,
    -1.28950427550323256e-14, -2.35872638571063236e-15, 1.57293493816859114e-15,
    -2.27829662395464652e-16, -6.31233045075642981e-17, 3.5916763531814923e-17,
    -5.04980914984772928e-18, -1.53245411131548989e-18};

}  // namespace detail

/// Φ(x) = (1 + erf(x/√2))/2, the distribution function of the standard normal: relative error
/// within 4(1 + x²) times the machine epsilon.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> normal_cdf(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  const V z = at_most(abs(x) * 0.70710678118654752440, V(sizeof(S) == 4 ? 10 : 27));
  const V t = 2 / (2 + z);
  const V y = 2 * t - 1;
  V b1(0);
  V b2(0);
  for (int k = detail::erfc_terms<S> - 1; k > 0; --k) {
    const V b0 = multiply_add(y + y, b1, V(detail::erfc_coefficients[k]) - b2);
    b2 = b1;
    b1 = b0;
  }
  const V g = multiply_add(y, b1, V(detail::erfc_coefficients[0]) - b2);
  const V tail = 0.5 * t * g * exp(-(z * z));
  return select(x < V(0), tail, 1 - tail);
}

BACKFOLD_END_NAMESPACE
