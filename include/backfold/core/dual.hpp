// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

#include "backfold/core/math.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A dual number a + a'ε with ε² = 0: a value, and its derivative in one direction. A function
/// computed with it gives f(a) + f'(a) a'ε, hence exact derivatives of code that is written for any
/// scalar: layers, activations, losses.
///
/// Comparisons look at values alone, so that a choice (select, ReLU) has the derivative of the side
/// taken.
///
/// Source: Clifford, Preliminary sketch of biquaternions (1873); Griewank & Walther, Evaluating
/// derivatives (2008).
template <class S>
struct Dual {
  S value;
  S tangent;

  Dual() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number>
  constexpr Dual(Number number)  // NOLINT: 1 + x reads as in the formula
      : value(static_cast<S>(number)), tangent(0) {}
  constexpr Dual(S v, S t) : value(v), tangent(t) {}
  constexpr explicit operator double() const { return static_cast<double>(value); }

  friend constexpr Dual operator+(const Dual& a, const Dual& b) {
    return {a.value + b.value, a.tangent + b.tangent};
  }
  friend constexpr Dual operator-(const Dual& a, const Dual& b) {
    return {a.value - b.value, a.tangent - b.tangent};
  }
  friend constexpr Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value, a.value * b.tangent + a.tangent * b.value};
  }
  friend constexpr Dual operator/(const Dual& a, const Dual& b) {
    const S quotient = a.value / b.value;
    return {quotient, (a.tangent - quotient * b.tangent) / b.value};
  }
  constexpr Dual operator-() const { return {-value, -tangent}; }
  constexpr Dual& operator+=(const Dual& b) { return *this = *this + b; }
  constexpr Dual& operator-=(const Dual& b) { return *this = *this - b; }
  constexpr Dual& operator*=(const Dual& b) { return *this = *this * b; }
  constexpr Dual& operator/=(const Dual& b) { return *this = *this / b; }

  friend constexpr bool operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
  friend constexpr bool operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
  friend constexpr bool operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
  friend constexpr bool operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }
  friend constexpr bool operator==(const Dual& a, const Dual& b) { return a.value == b.value; }

  friend Dual sqrt(const Dual& a) {
    const S root = std::sqrt(a.value);
    return {root, a.tangent / (2 * root)};
  }
};

template <Real S>
inline constexpr bool is_dual<Dual<S>> = true;

template <Real S>
struct MathConstants<Dual<S>> : MathConstants<S> {};

}  // namespace detail

/// One at a time.
template <Real S>
inline constexpr int native_width<detail::Dual<S>> = 1;

/// One dual number as Lanes (a register of its value and one of its tangent), with each function of
/// Lanes and its derivative.
template <Real S>
struct Lanes<detail::Dual<S>, 1> {
  using Scalar = detail::Dual<S>;
  using One = Lanes<S>;  ///< all its lanes are equal
  static constexpr int size = 1;

  One value;
  One tangent;

  Lanes() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number> Lanes(Number number)  // NOLINT: 1 + x as in the formula
      : value(number), tangent(0) {}
  Lanes(const Scalar& number)  // NOLINT: a dual number is one too
      : value(number.value), tangent(number.tangent) {}
  Lanes(const One& v, const One& t) : value(v), tangent(t) {}

  static Lanes load(const Scalar* from) { return Lanes(*from); }
  static Lanes load(const Scalar* from, Eigen::Index count) {
    return count > 0 ? Lanes(*from) : Lanes(0);
  }
  void store(Scalar* to) const { *to = first(); }
  void store(Scalar* to, Eigen::Index count) const {
    if (count > 0) *to = first();
  }
  [[nodiscard]] Scalar first() const { return {value.first(), tangent.first()}; }

  friend Lanes operator+(const Lanes& a, const Lanes& b) {
    return {a.value + b.value, a.tangent + b.tangent};
  }
  friend Lanes operator-(const Lanes& a, const Lanes& b) {
    return {a.value - b.value, a.tangent - b.tangent};
  }
  friend Lanes operator*(const Lanes& a, const Lanes& b) {
    return {a.value * b.value, a.value * b.tangent + a.tangent * b.value};
  }
  friend Lanes operator/(const Lanes& a, const Lanes& b) {
    const One quotient = a.value / b.value;
    return {quotient, (a.tangent - quotient * b.tangent) / b.value};
  }
  Lanes operator-() const { return {-value, -tangent}; }
  Lanes& operator+=(const Lanes& b) { return *this = *this + b; }
  Lanes& operator-=(const Lanes& b) { return *this = *this - b; }
  Lanes& operator*=(const Lanes& b) { return *this = *this * b; }

  using Mask = typename One::Mask;
  friend Mask operator<(const Lanes& a, const Lanes& b) { return a.value < b.value; }
  friend Mask operator>(const Lanes& a, const Lanes& b) { return a.value > b.value; }
  friend Mask operator<=(const Lanes& a, const Lanes& b) { return a.value <= b.value; }
  friend Mask operator>=(const Lanes& a, const Lanes& b) { return a.value >= b.value; }
  friend Mask operator==(const Lanes& a, const Lanes& b) { return a.value == b.value; }

  friend Lanes select(const Mask& mask, const Lanes& yes, const Lanes& no) {
    return {select(mask, yes.value, no.value), select(mask, yes.tangent, no.tangent)};
  }
  friend Lanes multiply_add(const Lanes& a, const Lanes& b, const Lanes& c) { return a * b + c; }
  friend Lanes abs(const Lanes& a) { return select(a < Lanes(0), -a, a); }
  friend Lanes at_most(const Lanes& a, const Lanes& limit) { return select(a > limit, limit, a); }
  friend Lanes at_least(const Lanes& a, const Lanes& limit) { return select(a < limit, limit, a); }
  friend Lanes(max)(const Lanes& a, const Lanes& b) { return select(b == b, at_least(a, b), b); }
  friend Lanes(min)(const Lanes& a, const Lanes& b) { return select(b == b, at_most(a, b), b); }
  friend Scalar sum(const Lanes& a) { return a.first(); }
  friend Scalar largest(const Lanes& a) { return a.first(); }
};

namespace detail {

/// f(a) with the derivative f' that is given: (f(a), f' a').
template <Real S>
Lanes<Dual<S>, 1> with_derivative(const Lanes<Dual<S>, 1>& a, const Lanes<S>& value,
                                  const Lanes<S>& derivative) {
  return {value, derivative * a.tangent};
}

// Found by their argument's template argument, and more special than those of core/math.hpp.

template <Real S>
Lanes<Dual<S>, 1> exp(const Lanes<Dual<S>, 1>& x) {
  const auto e = exp(x.value);
  return with_derivative(x, e, e);
}
template <Real S>
Lanes<Dual<S>, 1> expm1(const Lanes<Dual<S>, 1>& x) {
  return with_derivative(x, expm1(x.value), exp(x.value));
}
template <Real S>
Lanes<Dual<S>, 1> log(const Lanes<Dual<S>, 1>& x) {
  return with_derivative(x, log(x.value), 1 / x.value);
}
template <Real S>
Lanes<Dual<S>, 1> log1p(const Lanes<Dual<S>, 1>& x) {
  return with_derivative(x, log1p(x.value), 1 / (1 + x.value));
}
template <Real S>
Lanes<Dual<S>, 1> sigmoid(const Lanes<Dual<S>, 1>& x) {
  return with_derivative(x, sigmoid(x.value), sigmoid(x.value) * sigmoid(-x.value));
}
template <Real S>
Lanes<Dual<S>, 1> smaller_sigmoid(const Lanes<Dual<S>, 1>& x) {
  const auto s = smaller_sigmoid(x.value);
  const auto slope = s * (1 - s);
  return with_derivative(x, s, select(x.value > Lanes<S>(0), -slope, slope));
}
template <Real S>
Lanes<Dual<S>, 1> tanh(const Lanes<Dual<S>, 1>& x) {
  const auto t = tanh(x.value);
  return with_derivative(x, t, (1 - t) * (1 + t));
}
template <Real S>
Lanes<Dual<S>, 1> softplus(const Lanes<Dual<S>, 1>& x) {
  return with_derivative(x, softplus(x.value), sigmoid(x.value));
}
template <Real S>
Lanes<Dual<S>, 1> square(const Lanes<Dual<S>, 1>& x) {
  return x * x;
}
template <Real S>
Lanes<Dual<S>, 1> sqrt(const Lanes<Dual<S>, 1>& x) {
  const auto root = sqrt(x.value);
  return with_derivative(x, root, 0.5 / root);
}
template <Real S>
Lanes<Dual<S>, 1> inverse_sqrt(const Lanes<Dual<S>, 1>& x) {
  return 1 / sqrt(x);
}
template <Real S>
Lanes<Dual<S>, 1> inverse(const Lanes<Dual<S>, 1>& x) {
  return 1 / x;
}
template <Real S>
Lanes<Dual<S>, 1> normal_cdf(const Lanes<Dual<S>, 1>& x) {
  constexpr double inverse_sqrt_2pi = 0.39894228040143267794;
  return with_derivative(x, normal_cdf(x.value), inverse_sqrt_2pi * exp(-0.5 * x.value * x.value));
}

}  // namespace detail

BACKFOLD_END_NAMESPACE

/// Those of the value.
template <class S>
class std::numeric_limits<backfold::detail::Dual<S>> : public std::numeric_limits<S> {};

//! @cond Doxygen does not find a scope for it.
/// For layers that compute with Eigen's arrays.
template <class S>
struct Eigen::NumTraits<backfold::detail::Dual<S>> : Eigen::NumTraits<S> {
  using Real = backfold::detail::Dual<S>;
  using NonInteger = backfold::detail::Dual<S>;
  using Nested = backfold::detail::Dual<S>;
  using Literal = S;
  enum { IsComplex = 0, RequireInitialization = 0, ReadCost = 2, AddCost = 2, MulCost = 6 };
};
//! @endcond
