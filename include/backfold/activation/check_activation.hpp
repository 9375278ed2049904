// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cmath>
#include <limits>

#include "backfold/activation/unit_symmetry.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/report.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <Real S, class A>
S activation_value(const A& activation, S net) {
  return activation.value(Lanes<S>(net)).first();
}
template <Real S, class A>
S activation_derivative(const A& activation, S net) {
  const Lanes<S> v(net);
  if constexpr (uses_net_input<A>) {
    return activation.derivative(v, activation.value(v)).first();
  } else {
    return activation.derivative(activation.value(v)).first();
  }
}

/// Compares φ' with central differences, and float with double, at points where the left and right
/// differences agree.
template <class A>
void check_derivative(const A& activation, Report& report) {
  constexpr double h = 1e-5;
  for (double net = -6.03; net < 6; net += 0.137) {
    const double here = activation_value(activation, net);
    const double above = activation_value(activation, net + h);
    const double below = activation_value(activation, net - h);
    if (std::abs((above - here) - (here - below)) > 1e-3 * h) continue;  // a kink
    const double expected = (above - below) / (2 * h);
    const double given = activation_derivative(activation, net);
    report.expect(std::abs(given - expected) <= 1e-7 * (std::max)(1.0, std::abs(expected)),
                  "derivative at net = ", net, ": ", given, ", differences give ", expected);
    const float rounded = static_cast<float>(net);
    const double in_float = double(activation_value(activation, rounded));
    const double slope_in_float = double(activation_derivative(activation, rounded));
    report.expect(std::abs(in_float - here) <= 1e-5 * (std::max)(1.0, std::abs(here)) &&
                      std::abs(slope_in_float - given) <= 1e-5 * (std::max)(1.0, std::abs(given)),
                  "float and double differ at net = ", net);
  }
}

/// Tests φ(−net) = −φ(net) if the activation declares is_odd.
template <class A>
void check_odd(const A& activation, Report& report) {
  for (double net = 0; net < 6; net += 0.137) {
    const double above = activation_value(activation, net);
    const double below = activation_value(activation, -net);
    report.expect(std::abs(above + below) <= 1e-14 * (std::max)(1.0, std::abs(above)),
                  "is_odd, but the values at net = ", net, " and ", -net, " are ", above, " and ",
                  below);
  }
}

/// Tests that large net inputs give finite values and NaN gives NaN, in every lane.
template <Real S, class A>
void check_elementwise(const A& activation, Report& report) {
  for (const double extreme : {-1e4, -100.0, 0.0, 100.0, 1e4}) {
    const S net = static_cast<S>(extreme);
    report.expect(is_finite(activation_value(activation, net)), "not finite at net = ", extreme);
    report.expect(is_finite(activation_derivative(activation, net)),
                  "derivative not finite at net = ", extreme);
  }
  using V = Lanes<S>;
  S net[V::size];
  S x[V::size];
  for (int i = 0; i < V::size; ++i) net[i] = S(0.3) * static_cast<S>(i) - S(1.7);
  activation.value(V::load(net)).store(x);
  for (int i = 0; i < V::size; ++i) {
    using Bits = std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>;
    report.expect(
        std::bit_cast<Bits>(x[i]) == std::bit_cast<Bits>(activation_value(activation, net[i])),
        "the value at net = ", double(net[i]), " depends on its lane");
  }
  const S nan = std::numeric_limits<S>::quiet_NaN();
  report.expect(!is_finite(activation_value(activation, nan)), "NaN becomes a number");
}

/// Tests Jᵀδ against differences, NaN in every unit, large net inputs, and float against double.
template <class A>
void check_columns(const A& activation, Report& report) {
  constexpr int units = 5;
  const double net[units] = {0.3, -1.1, 2.0, 0.7, -0.2};
  const double seed[units] = {0.5, -0.4, 0.9, 0.1, -1.3};
  double output[units];
  double delta[units];
  for (int i = 0; i < units; ++i) {
    output[i] = net[i];
    delta[i] = seed[i];
  }
  (activation.apply)(output, Index{units});
  activation.multiply_by_derivative(static_cast<const double*>(output), delta, Index{units});
  constexpr double h = 1e-5;
  for (int j = 0; j < units; ++j) {
    double change = 0;
    for (const double side : {1.0, -1.0}) {
      double moved[units];
      for (int i = 0; i < units; ++i) moved[i] = net[i] + (i == j ? side * h : 0);
      (activation.apply)(moved, Index{units});
      for (int i = 0; i < units; ++i) change += side * seed[i] * moved[i];
    }
    report.expect(std::abs(delta[j] - change / (2 * h)) < 1e-8, "multiply_by_derivative at unit ",
                  j, ": ", delta[j], ", differences give ", change / (2 * h));
  }
  float in_float[units];
  float delta_in_float[units];
  for (int i = 0; i < units; ++i) {
    in_float[i] = static_cast<float>(net[i]);
    delta_in_float[i] = static_cast<float>(seed[i]);
  }
  (activation.apply)(in_float, Index{units});
  activation.multiply_by_derivative(static_cast<const float*>(in_float), delta_in_float,
                                    Index{units});
  for (int i = 0; i < units; ++i) {
    report.expect(std::abs(double(in_float[i]) - output[i]) <= 1e-5 &&
                      std::abs(double(delta_in_float[i]) - delta[i]) <= 1e-5,
                  "float and double differ at unit ", i);
    double with_nan[units] = {};
    with_nan[i] = std::numeric_limits<double>::quiet_NaN();
    (activation.apply)(with_nan, Index{units});
    report.expect(!all_finite(with_nan, units), "NaN at unit ", i, " becomes numbers");
  }
  double extreme[units] = {1e4, -1e4, 0, 1e4, 3};
  (activation.apply)(extreme, Index{units});
  report.expect(all_finite(extreme, units), "not finite for net inputs of 1e4");
}

}  // namespace detail

/// Runs the library's checks on an activation: φ' (or Jᵀδ) against differences, finite results for
/// net inputs of ±1e4, NaN in, NaN out, equal values in all lanes, float against double, and
/// φ(−net) = −φ(net) if it is_odd. @returns the failures
template <class A>
[[nodiscard]] Report check_activation(const A& activation) {
  static_assert(Activation<A>, "backfold: not an activation (see activation/activation.hpp)");
  Report report;
  if constexpr (ElementwiseActivation<A>) {
    detail::check_derivative(activation, report);
    detail::check_elementwise<float>(activation, report);
    detail::check_elementwise<double>(activation, report);
    if (is_odd<A>()) detail::check_odd(activation, report);
  } else {
    detail::check_columns(activation, report);
  }
  return report;
}

BACKFOLD_END_NAMESPACE
