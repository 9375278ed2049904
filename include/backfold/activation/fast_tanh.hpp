// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"
#include "backfold/activation/unit_symmetry.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Rational approximation of tanh, for speed: with s = net²,
///
///     φ(net) = net·P(s)/Q(s),  P = 1 + p₁s + p₂s²,  Q = 1 + q₁s + q₂s²   for |net| <= 5,
///
/// and ±φ(5) beyond. φ' is the derivative of φ itself, (P + 2sP' − 2·net·φ·Q')/Q, and 0 beyond ±5.
///
/// The error is at most 5.3·10⁻⁵ everywhere, and vanishes with net. Odd and increasing, with values
/// in (−1, 1). φ' needs the net input, so the network keeps it. The coefficients are a minimax fit.
struct FastTanh {
  static constexpr const char* name = "FastTanh";

  template <class V>
  [[nodiscard]] V value(const V& net) const {
    const V inside = at_most(at_least(net, V(-5)), V(5));
    const V s = inside * inside;
    return inside * numerator(s) * inverse(denominator(s));
  }
  template <class V>
  [[nodiscard]] V derivative(const V& net, const V& x) const {
    const V inside = at_most(at_least(net, V(-5)), V(5));
    const V s = inside * inside;
    const V steeper = numerator(s) + 2 * s * (p1 + 2 * p2 * s);
    const V slope = (steeper - 2 * inside * x * (q1 + 2 * q2 * s)) * inverse(denominator(s));
    return select(abs(net) > V(5), V(0), slope);
  }

 private:
  static constexpr double p1 = 0.10249164;
  static constexpr double p2 = 0.00067183;
  static constexpr double q1 = 0.43555896;
  static constexpr double q2 = 0.01283636;

  template <class V>
  static V numerator(const V& s) {
    return multiply_add(multiply_add(s, V(p2), V(p1)), s, V(1));
  }
  template <class V>
  static V denominator(const V& s) {
    return multiply_add(multiply_add(s, V(q2), V(q1)), s, V(1));
  }
};

template <>
inline constexpr bool outputs_probabilities<FastTanh> = false;
template <>
[[nodiscard]] constexpr bool is_odd<FastTanh>() {
  return true;
}

BACKFOLD_END_NAMESPACE
