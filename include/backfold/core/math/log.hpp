// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

#include "backfold/core/math/exp.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// ln(2^k (1 + f)) for 1 + f between √½ and √2. K. C. Ng's form (fdlibm).
template <class V>
BACKFOLD_ALWAYS_INLINE V log_of_parts(const V& k, const V& f) {
  using K = MathConstants<typename V::Scalar>;
  const V s = f / (2 + f);
  const V s2 = s * s;
  const V half_square = 0.5 * f * f;
  const V rest = multiply_add(polynomial(s2, K::log_terms), s2, half_square);
  const V low = multiply_add(s, rest, k * V(K::ln2_low));
  return multiply_add(k, V(K::ln2_high), f - (half_square - low));
}

/// x = 2^k m.
template <class V>
struct LogParts {
  V k;
  V m;  ///< from √½ to √2
};

/// @pre x is a normal number
template <class V>
BACKFOLD_ALWAYS_INLINE LogParts<V> log_parts(const V& x) {
  using S = typename V::Scalar;
  using K = MathConstants<S>;
  constexpr S above_mantissa = sizeof(S) == 4 ? S(0x1p23) : S(0x1p52);
  V biased;
  biased.packet = all_bits(shift_right<K::mantissa_bits>(x.packet), V(above_mantissa).packet);
  // The mask is a denormal number: x87 and -ffinite-math-only do not preserve the bits of a NaN.
  constexpr BitsOf<S> mantissa = (BitsOf<S>{1} << K::mantissa_bits) - 1;
  V m;
  m.packet = all_bits(common_bits(x.packet, V(std::bit_cast<S>(mantissa)).packet), V(1).packet);
  const V k = biased - V(above_mantissa + K::bias);
  const auto upper = m > V(1.4142135623730951);
  return {select(upper, k + 1, k), select(upper, 0.5 * m, m)};
}

/// ln(1 + x) for x from 0 to 1.
template <class V>
BACKFOLD_ALWAYS_INLINE V log1p_to_one(const V& x) {
  const auto upper = x > V(0.41421356237309505);
  return log_of_parts(select(upper, V(1), V(0)), select(upper, 0.5 * (x - 1), x));
}

}  // namespace detail

/// ln x, within 1 ulp, −∞ at 0, NaN below.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> log(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  using K = detail::MathConstants<S>;
  const auto denormal = x < V((std::numeric_limits<S>::min)());
  const V normal = x * select(denormal, V(K::denormal_scale), V(1));
  const auto [k, m] = detail::log_parts(normal);
  const V result = detail::log_of_parts(k - select(denormal, V(K::denormal_exponent), V(0)), m - 1);
  const V infinite = detail::infinite<V>();
  const V none = select(x == V(0), -infinite, select(x < V(0), detail::not_a_number<V>(), x));
  return select((x > V(0)) & (x < infinite), result, none);
}

/// ln(1 + x), accurate near 0 too: the rounding error of 1 + x is compensated.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> log1p(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  const V infinite = detail::infinite<V>();
  const auto regular = (x > V(-1)) & (x < infinite);
  const V inside = select(regular, x, V(0));
  // Adding 1 does not change a large number, but may round the largest ones up to infinity.
  const V one = select(inside > V(0x1p60), V(0), V(1));
  V sum = one + inside;
  BACKFOLD_HIDE(sum.packet)
  auto [k, m] = detail::log_parts(sum);
  V lost = inside - (sum - one);
  BACKFOLD_HIDE(lost.packet)
  detail::BiasedInteger<V> down{V(detail::BiasedInteger<V>::origin) - at_most(k, V(100))};
  const V f = select(k == V(0), inside, multiply_add(lost, down.power(), m - 1));
  const V none = select(x == V(-1), -infinite, select(x < V(-1), detail::not_a_number<V>(), x));
  return select(regular, detail::log_of_parts(k, f), none);
}

/// ln(1 + eˣ), finite for every finite x.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> softplus(const Lanes<S, W>& x) {
  return at_least(x, Lanes<S, W>(0)) + detail::log1p_to_one(exp(detail::minus_abs(x)));
}

BACKFOLD_END_NAMESPACE
