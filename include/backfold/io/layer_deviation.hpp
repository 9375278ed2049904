// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/io/activation_deviation.hpp"
#include "backfold/io/header_layers.hpp"

/// Not in backfold.hpp: only exports need it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

using Deviations = std::vector<Deviation>;

/// The net input of one unit: sums over its connections.
struct NetDeviation {
  Interval plain;    ///< Σ w x
  Interval change;   ///< Σ (w̃ − w) x
  Interval error;    ///< Σ w̃ x̃ − Σ w x = Σ w̃(x̃ − x) + Σ (w̃ − w) x
  double size = 0;   ///< Σ |w| |x|, to which rounding errors are proportional
  Index terms = 10;  ///< their number, and some operations besides

  void add(double w, double rounded_w, const Deviation& x) {
    const Interval changed = (Interval(rounded_w) - w) * x.range;
    plain += w * x.range;
    change += changed;
    error += rounded_w * x.error + changed;
    size += (std::max)(std::abs(w), std::abs(rounded_w)) * x.range.magnitude();
    ++terms;
  }
  /// Sums of n products in any order have an error below n ε Σ |w| |x|.
  template <Real S>
  [[nodiscard]] Deviation total() const {
    const Deviation exact{hull(plain, plain + change), error};
    return exact.rounded(rounding<S>(size, static_cast<double>(terms)));
  }
};

/// An Lstm's gates i, f, g, o, as in the docstring of Lstm.
template <Real S>
void lstm_deviation(const Deviations& net, Deviation* memory, Deviations& x) {
  const std::size_t n = x.size();
  for (std::size_t k = 0; k < n; ++k) {
    const Deviation i = through<S>(sigmoid_curve, net[k]);
    const Deviation f = through<S>(sigmoid_curve, net[n + k]);
    const Deviation g = through<S>(tanh_curve, net[2 * n + k]);
    const Deviation o = through<S>(sigmoid_curve, net[3 * n + k]);
    const double size = memory[k].range.magnitude() + 1;
    memory[k] = (f * memory[k] + i * g).rounded(rounding<S>(size));
    x[k] = (o * through<S>(tanh_curve, memory[k])).rounded(rounding<S>(1));
  }
}

/// A Gru's gates r, z, n; `hidden` is the part that the reset gate acts on.
template <Real S>
void gru_deviation(const Deviations& net, const Deviations& hidden, const Deviation* before,
                   Deviations& x) {
  const std::size_t n = x.size();
  for (std::size_t k = 0; k < n; ++k) {
    const auto sum = [](const Deviation& a, const Deviation& b) {
      return (a + b).rounded(rounding<S>(a.range.magnitude() + b.range.magnitude()));
    };
    const Deviation r = through<S>(sigmoid_curve, sum(net[k], hidden[k]));
    const Deviation z = through<S>(sigmoid_curve, sum(net[n + k], hidden[n + k]));
    const Deviation candidate = through<S>(tanh_curve, sum(net[2 * n + k], r * hidden[2 * n + k]));
    const double size = before[k].range.magnitude() + 1;
    x[k] = mixture(z, candidate, before[k]).rounded(rounding<S>(size));
  }
}

/// A MinGru's gates z, c.
template <Real S>
void min_gru_deviation(const Deviations& net, Deviation* memory, Deviations& x) {
  const std::size_t n = x.size();
  for (std::size_t k = 0; k < n; ++k) {
    const Deviation z = through<S>(sigmoid_curve, net[k]);
    const double size = memory[k].range.magnitude() + net[n + k].range.magnitude();
    x[k] = memory[k] = mixture(z, memory[k], net[n + k]).rounded(rounding<S>(size));
  }
}

/// x = g n + b with n = (net − m)/s. The Jacobian of n is (I − 11ᵀ/U − n nᵀ/U)/s, a projection
/// divided by s as n nᵀ/U has no eigenvalue above 1, so |ñ_j − n_j| <= ‖net~ − net‖ / min s; and
/// |n_j| <= √(U − 1).
template <Real S>
void layer_norm_deviation(const Deviations& net, const S* own, double epsilon, Deviations& x) {
  const std::size_t n = x.size();
  const double units = static_cast<double>(n);
  double squares = 0, size = 0, least_variance = 0;
  for (std::size_t i = 0; i < n; ++i) {
    squares += net[i].error.magnitude() * net[i].error.magnitude();
    size = (std::max)(size, net[i].range.magnitude());
    // The variance is the mean over all pairs of ½(net_i − net_j)².
    for (std::size_t j = 0; j < i; ++j) {
      const Interval difference = net[i].range - net[j].range;
      const double gap = (std::max)({difference.lower, -difference.upper, 0.});
      least_variance += gap * gap / (units * units);
    }
  }
  constexpr double safe = 1 + 1e-9;  // above the rounding errors of these sums
  const double least_s = std::sqrt(least_variance + epsilon) / safe;
  const double error = safe * std::sqrt(squares) / least_s;
  const double largest = safe * std::sqrt(units - 1);
  for (std::size_t i = 0; i < n; ++i) {
    Interval normal = Interval::symmetric(largest);
    const Deviation exact{normal, Interval::symmetric(error)};
    const double lost = rounding<S>(size / least_s + largest, units + 16);
    const Deviation gain{double(own[i]), {}}, shift{double(own[n + i]), {}};
    const double sizes = gain.range.magnitude() * largest + shift.range.magnitude();
    x[i] = (gain * exact.rounded(lost) + shift).rounded(rounding<S>(sizes));
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
