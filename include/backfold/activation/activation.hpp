// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "backfold/core/elementwise.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/setting.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class A, class V>
concept HasValue = requires(const A a, const V v) {
  { a.value(v) } -> std::same_as<V>;
};
template <class A, class V>
concept DerivativeFromOutput = requires(const A a, const V x) {
  { a.derivative(x) } -> std::same_as<V>;
};
template <class A, class V>
concept DerivativeFromNet = requires(const A a, const V net, const V x) {
  { a.derivative(net, x) } -> std::same_as<V>;
};
template <class A, class V>
concept ElementwiseIn = HasValue<A, V> &&(DerivativeFromOutput<A, V> || DerivativeFromNet<A, V>);

}  // namespace detail

/// An activation that acts on each unit separately: x = φ(net), written for Lanes.
///
///     struct Softsign {
///       template <class V> V value(const V& net) const { return net / (1 + abs(net)); }
///       template <class V> V derivative(const V& x) const { return square(1 - abs(x)); }
///     };
///
/// `derivative(x)` gives φ' from the output alone, which is cheapest; `derivative(net, x)` makes
/// the network keep its net inputs. Settings are plain members; an optional `check()` throws
/// std::invalid_argument if they are out of range.
template <class A>
concept ElementwiseActivation =
    detail::ElementwiseIn<A, Lanes<float>> && detail::ElementwiseIn<A, Lanes<double>>;

/// An activation that acts on all units of a layer together, as softmax does. Both functions work
/// in place on one sample: `apply(x, units)` replaces net by φ(net),
/// `multiply_by_derivative(output, delta, units)` replaces δ by Jᵀδ, with the Jacobian J computed
/// from the output.
template <class A>
concept ColumnActivation = requires(const A a, float* f, double* d, Index units) {
  (a.apply)(f, units);
  (a.apply)(d, units);
  a.multiply_by_derivative(static_cast<const float*>(f), f, units);
  a.multiply_by_derivative(static_cast<const double*>(d), d, units);
};

/// An activation φ of a layer: on each unit separately or on all units together.
template <class A>
concept Activation = ElementwiseActivation<A> || ColumnActivation<A>;

/// True if φ' needs the net input, which the network then keeps.
template <class A>
inline constexpr bool uses_net_input =
    ElementwiseActivation<A> && !detail::DerivativeFromOutput<A, Lanes<double>>;

/// True if outputs of an activation (or a cell) may be probabilities, which the cross-entropies
/// require. Training refuses these losses if it is false. In this library it is true for Sigmoid
/// and Softmax only. It is true for an activation of your own, unless you specialise it:
///
///     template <> inline constexpr bool backfold::outputs_probabilities<Softsign> = false;
///
/// To use a library activation with such a loss nevertheless, derive a type: `struct Raw : Linear
/// {};`.
template <class A>
inline constexpr bool outputs_probabilities = true;

/// Least number of units that an activation can have: its own `least_units`, or 1.
template <class A>
constexpr Index least_units() {
  if constexpr (requires { A::least_units; }) {
    return A::least_units;
  } else {
    return 1;
  }
}

/// Calls the settings' own check, if they have one. Here and in every declaration the name is in
/// parentheses: macOS has a function-like macro `check`, which does not expand there.
template <class Settings>
constexpr void check_settings(const Settings& settings) {
  if constexpr (requires { (settings.check)(); }) (settings.check)();
}

namespace detail {

/// @throws std::invalid_argument unless the number is positive and finite
constexpr void check_positive(const char* what, double value) {
  if (!(value > 0 && is_finite(value))) {
    fail_argument(what, " must be positive and finite, got ", value);
  }
}

/// slope·net, with net clamped to ±1e30, where φ reaches its limits anyway: the product could
/// overflow for larger ones.
template <class V>
BACKFOLD_ALWAYS_INLINE V scaled(double slope, const V& net) {
  if (slope == 1) return net;
  return slope * at_least(at_most(net, V(1e30)), V(-1e30));
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
