// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

#include "backfold/core/math/constants.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// exp(x) = 2^n (1 + q): the parts that exp, sigmoid and tanh are made of.
template <class V>
struct ExpParts {
  V power;  ///< 2^n
  V q;      ///< exp(r) − 1 with |r| <= ln(2)/2
};

/// An integer n as the floating-point number scale + bias + n: the top bits of its fraction field
/// are then the biased exponent n + bias.
///
/// Adding the scale leaves a few fraction bits; masking them off rounds down. That holds in every
/// rounding mode and for the double rounding of x87, and -ffast-math cannot simplify it. (Adding
/// 1.5·2^23 instead rounds as the mode says, and not at all in a wider register.)
template <class V>
struct BiasedInteger {
  using S = typename V::Scalar;
  using K = MathConstants<S>;
  static constexpr S origin = K::scale + K::bias;
  static constexpr S largest = origin + std::numeric_limits<S>::max_exponent - 1;

  V value;

  /// The integer nearest to factor·x/ln 2; close to a tie, either neighbour.
  BACKFOLD_ALWAYS_INLINE static BiasedInteger nearest_power(const V& x, int factor = 1) {
    constexpr double inverse_ln2 = 1.4426950408889634;
    const V sum = multiply_add(x, V(factor * inverse_ln2), V(origin + S(0.5)));
    BiasedInteger result;
    result.value.packet = common_bits(sum.packet, V(2 * K::scale - 1).packet);
    return result;
  }
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE V number() const { return value - V(origin); }
  /// 2^n. @pre it is a normal number
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE V power() const {
    constexpr int exponent_bits = sizeof(S) == 4 ? 8 : 11;
    V result;
    result.packet = shift_left<exponent_bits + 1>(value.packet);
    return result;
  }
};

/// exp(r) − 1 for |r| <= ln(2)/2.
template <class V>
BACKFOLD_ALWAYS_INLINE V exp_less_one(const V& r) {
  using K = MathConstants<typename V::Scalar>;
  return multiply_add(polynomial(r, K::exp_terms), r * r, r);
}

/// @pre smallest <= x, and 2^n is finite: x < largest − ln(2)/2
template <class V>
BACKFOLD_ALWAYS_INLINE V exp_rest(const V& x, const V& n) {
  using K = MathConstants<typename V::Scalar>;
  V r = multiply_add(n, V(-K::ln2_high), x);
  BACKFOLD_HIDE(r.packet)
  r = multiply_add(n, V(-K::ln2_low), r);
  return exp_less_one(r);
}

/// @pre smallest <= x, and 2^n is finite: x < largest − ln(2)/2
template <class V>
BACKFOLD_ALWAYS_INLINE ExpParts<V> exp_parts(const V& x) {
  const auto n = BiasedInteger<V>::nearest_power(x);
  return {n.power(), exp_rest(x, n.number())};
}

/// 2^n and q/2 with e²ˣ = 2^n (1 + q), for x >= 0. Halves leave out the doubling of x.
///
/// With FMA one rounding leaves r/2 = x − n·ln 2/2 for ln 2 rounded; the rest of n·ln 2 goes into
/// the power, off the chain of latencies. (A power near the smallest normal number might be flushed
/// to 0 by that.)
template <class V>
BACKFOLD_ALWAYS_INLINE ExpParts<V> exp_parts_of_twice(const V& x) {
#if defined(EIGEN_VECTORIZE_FMA)
  using S = typename V::Scalar;
  using K = MathConstants<S>;
  const auto n = BiasedInteger<V>::nearest_power(x, 2);
  const V number = n.number();
  const V half_r = multiply_add(number, V(-K::ln2 / 2), x);
  const V power = n.power();
  const V q = multiply_add(polynomial(half_r, half_exp_terms<S>.at), half_r * half_r, half_r);
  return {multiply_add(power, number * V(-K::ln2_error), power), q};
#else
  const auto parts = exp_parts(x + x);
  return {parts.power, 0.5 * parts.q};
#endif
}

/// exp(x) − 1, relative accuracy near 0 included.
template <class V>
BACKFOLD_ALWAYS_INLINE V less_one(const ExpParts<V>& parts) {
  V power_less_one = parts.power - 1;
  BACKFOLD_HIDE(power_less_one.packet)
  return multiply_add(parts.power, parts.q, power_less_one);
}

/// exp(x) = scale·2^n (1 + q), up to the largest finite result. 2^n alone would overflow there, so
/// one factor of two is split off.
template <class V>
struct ScaledExpParts {
  ExpParts<V> parts;
  V scale;  ///< 2 for the last power of two, else 1
};

/// @pre smallest <= x <= largest
template <class V>
BACKFOLD_ALWAYS_INLINE ScaledExpParts<V> scaled_exp_parts(const V& x) {
  const auto n = BiasedInteger<V>::nearest_power(x);
  const BiasedInteger<V> low{at_most(n.value, V(BiasedInteger<V>::largest))};
  return {{low.power(), exp_rest(x, n.number())}, 1 + (n.value - low.value)};
}

/// 2^n (1 + q), rounded once. The product 2^n q alone might be denormal and be flushed to 0.
template <class V>
BACKFOLD_ALWAYS_INLINE V whole(const ExpParts<V>& parts) {
#if defined(EIGEN_VECTORIZE_FMA)
  return multiply_add(parts.power, parts.q, parts.power);
#else
  return parts.power * (1 + parts.q);
#endif
}

}  // namespace detail

/// eˣ, within 2 ulp.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> exp(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::MathConstants<S>;
  const V inside = at_least(at_most(x, V(K::largest)), V(K::smallest));
  const auto [parts, scale] = detail::scaled_exp_parts(inside);
  V result = detail::whole(parts) * scale;
  result = select(x > V(K::largest), detail::infinite<V>(), result);
  return select(x < V(K::smallest), V(0), result);
}

/// The logistic function 1/(1 + e⁻ˣ), within 3 ulp.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> sigmoid(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::MathConstants<S>;
  const V e = detail::whole(detail::exp_parts(at_least(detail::minus_abs(x), V(K::smallest))));
  const V result = select(x < V(0), e, V(1)) / (1 + e);
  return select(x < V(K::smallest), V(0), result);
}

/// The smaller of sig(x) and sig(−x) = 1 − sig(x), within 3 ulp. It is a normal number, never 0,
/// however large x is.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> smaller_sigmoid(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::MathConstants<S>;
  const V e = detail::whole(detail::exp_parts(at_least(detail::minus_abs(x), V(K::smallest))));
  return e / (1 + e);
}

/// tanh x = (e²ˣ − 1)/(e²ˣ + 1), within 3 ulp, also near 0. Neither half waits for the other.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> tanh(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  constexpr double one_from_here = sizeof(S) == 4 ? 10 : 20;
  const auto [power, half_q] = detail::exp_parts_of_twice(at_most(abs(x), V(one_from_here)));
  V less = multiply_add(power, V(0.5), V(-0.5));
  BACKFOLD_HIDE(less.packet)
  V more = multiply_add(power, V(0.5), V(0.5));
  BACKFOLD_HIDE(more.packet)
  return detail::copy_sign(multiply_add(power, half_q, less) / multiply_add(power, half_q, more),
                           x);
}

/// eˣ − 1, accurate near 0 too.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> expm1(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::MathConstants<S>;
  const auto [parts, scale] =
      detail::scaled_exp_parts(at_least(at_most(x, V(K::largest)), V(-40.0)));
  return select(x > V(K::largest), detail::infinite<V>(), detail::less_one(parts) * scale);
}

BACKFOLD_END_NAMESPACE
