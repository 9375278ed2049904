// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/io/deviation.hpp"
#include "backfold/network/describe.hpp"

/// Not in backfold.hpp: only exports need it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// An activation φ with setting a: its values, its derivative, and the points where these have
/// extrema or jumps, from which the ranges over an interval follow.
struct Curve {
  const char* name;
  double (*value)(double net, double a);
  double (*slope)(double net, double a);
  double turn;     ///< φ has its minimum here, unless it is monotone
  double bend[2];  ///< extrema of φ' inside
  bool is_monotone;
};

namespace curve {

inline double sigmoid(double net, double a) { return 1 / (1 + std::exp(-a * net)); }
inline double sigmoid_slope(double net, double a) {
  const double e = std::exp(-std::abs(a * net));
  return a * e / ((1 + e) * (1 + e));
}
inline double tanh(double net, double a) { return std::tanh(a * net); }
inline double tanh_slope(double net, double a) {
  const double c = std::cosh(a * net);
  return a / (c * c);
}
inline double elu(double net, double a) { return net > 0 ? net : a * std::expm1(net); }
inline double elu_slope(double net, double a) { return net > 0 ? 1 : a * std::exp(net); }
inline double normal_cdf(double net) { return 0.5 * std::erfc(-net * 0.70710678118654752440); }
inline double gelu(double net, double) { return net * normal_cdf(net); }
inline double gelu_slope(double net, double) {
  return normal_cdf(net) + net * 0.39894228040143267794 * std::exp(-0.5 * net * net);
}
inline double silu(double net, double) { return net * sigmoid(net, 1); }
inline double silu_slope(double net, double) {
  return sigmoid(net, 1) + net * sigmoid_slope(net, 1);
}
inline double softplus(double net, double) {
  return (net > 0 ? net : 0) + std::log1p(std::exp(-std::abs(net)));
}

}  // namespace curve

inline constexpr Curve sigmoid_curve{"Sigmoid", curve::sigmoid, curve::sigmoid_slope,
                                     0,         {0, 0},         true};
inline constexpr Curve tanh_curve{"Tanh", curve::tanh, curve::tanh_slope, 0, {0, 0}, true};

/// @pre an activation of the library, of single units
inline const Curve& curve_of(const std::string& activation) {
  static constexpr Curve curves[] = {sigmoid_curve,
                                     tanh_curve,
                                     {"Relu",
                                      [](double net, double) { return net > 0 ? net : 0; },
                                      [](double net, double) { return net > 0 ? 1. : 0.; },
                                      0,
                                      {0, 0},
                                      true},
                                     {"LeakyRelu",
                                      [](double net, double a) { return net > 0 ? net : a * net; },
                                      [](double net, double a) { return net > 0 ? 1 : a; },
                                      0,
                                      {0, 0},
                                      true},
                                     {"Elu", curve::elu, curve::elu_slope, 0, {0, 0}, true},
                                     {"Gelu",
                                      curve::gelu,
                                      curve::gelu_slope,
                                      -0.75179152469356446,
                                      {-1.4142135623730950, 1.4142135623730950},
                                      false},
                                     {"Silu",
                                      curve::silu,
                                      curve::silu_slope,
                                      -1.2784645427610738,
                                      {-2.3993572805154677, 2.3993572805154677},
                                      false},
                                     {"Softplus",
                                      curve::softplus,
                                      [](double net, double) { return curve::sigmoid(net, 1); },
                                      0,
                                      {0, 0},
                                      true},
                                     {"Linear",
                                      [](double net, double) { return net; },
                                      [](double, double) { return 1.; },
                                      0,
                                      {0, 0},
                                      true}};
  for (const Curve& c : curves) {
    if (activation == c.name) return c;
  }
  return curves[sizeof curves / sizeof curves[0] - 1];
}

/// φ of both numbers. Between x and x̃ is a point where φ' is the ratio of the differences.
template <Real S>
Deviation through(const Curve& phi, const Deviation& net, double a = 1) {
  // The standard library's functions are accurate to far more digits than this.
  constexpr double part = 0x1p-40;
  const Interval& over = net.range;
  const auto range_of = [&](double (*f)(double, double), std::initializer_list<double> points) {
    Interval range = hull(f(over.lower, a), f(over.upper, a));
    for (const double p : points) {
      if (over.contains(p)) range = hull(range, f(p, a));
    }
    return Interval::outwards(range.lower, range.upper, part);
  };
  const Interval values =
      phi.is_monotone ? range_of(phi.value, {}) : range_of(phi.value, {phi.turn});
  const Interval slopes = range_of(phi.slope, {phi.bend[0], phi.bend[1]});
  // Φ of a large negative number is a difference of numbers near 1/2, so it has an absolute error.
  const double lost = phi.value == curve::gelu ? (std::min)(over.magnitude(), 9.) : 0;
  return Deviation{values, slopes * net.error}.rounded(rounding<S>(values.magnitude() + lost));
}

/// Softmax of both vectors, in place. With p(1 − p) from the range of p_j and c_j an average of the
/// other units' errors,
///
///     p̃_j − p_j = Σ_k p_j(δ_jk − p_k)(net~_k − net_k) = p_j(1 − p_j)(net~_j − net_j − c_j).
template <Real S>
void through_softmax(std::vector<Deviation>& net) {
  const std::vector<Deviation> x = net;
  for (std::size_t j = 0; j < x.size(); ++j) {
    double least = 1, most = 1;  // Σ_k exp(net_k − net_j)
    Interval others = x[j == 0 ? 1 : 0].error;
    for (std::size_t k = 0; k < x.size(); ++k) {
      if (k == j) continue;
      least += std::exp(x[k].range.lower - x[j].range.upper);
      most += std::exp(x[k].range.upper - x[j].range.lower);
      others = hull(others, x[k].error);
    }
    const Interval p = Interval::outwards(1 / most, 1 / least, 0x1p-40);
    const auto slope = [](double q) { return q * (1 - q); };
    const double steepest = p.contains(0.5) ? 0.25 : (std::max)(slope(p.lower), slope(p.upper));
    const Interval slopes = Interval::outwards(
        (std::max)((std::min)(slope(p.lower), slope(p.upper)), 0.), steepest, 0x1p-40);
    // p times the error of an argument net_j − max net: p ln(1/p) < 1.
    const double terms = static_cast<double>(x.size()) + 16, size = p.upper + 1 / terms;
    net[j] = Deviation{p, slopes * (x[j].error - others)}.rounded(rounding<S>(size, terms));
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
