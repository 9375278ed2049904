// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/long_sum.hpp"
#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Negative log-likelihood of normally distributed targets whose mean and variance the network
/// predicts. Of 2n outputs the first n are means μ_i, the others log variances s_i:
///
///     E = Σ_i ½(s_i + r_i²) [+ ½ ln 2π if full],  r_i = (z_i − μ_i)·exp(−s_i/2),
///     ∂E/∂μ_i = −r_i·exp(−s_i/2),  ∂E/∂s_i = ½(1 − r_i²).
///
///     Mlp<double, Input<4>, Dense<8, Tanh>, Dense<2, Linear>> net;   // one target: Z has 1 row
///     fit(net, GaussianNll{}, Adam{}, Samples(X, Z));
///
/// Finite while |s| < 170 in float, 1400 in double. Source: Nix & Weigend, Estimating the mean and
/// variance of the target probability distribution (1994). Differs: PyTorch's GaussianNLLLoss takes
/// the variance itself, clamped to at least eps.
struct GaussianNll {
  bool full = false;  ///< adds the constant ½ ln 2π for each target
  static constexpr Index outputs_per_target = 2;
  static constexpr Index output_of(Index target, Index k, Index targets) {
    return target + k * targets;
  }

  template <Real S>
  [[nodiscard]] S column(const S* y, const S* z, Index units) const {
    using V = Lanes<S>;
    const Index n = units / 2;
    const S sum = detail::sum_of_lanes<V>(n, [&](const V& total, Index i, auto count) {
      const V s = detail::load_strip<V>(y + n + i, count);
      const V r = (detail::load_strip<V>(z + i, count) - detail::load_strip<V>(y + i, count)) *
                  exp(-0.5 * s);
      return total + 0.5 * (s + r * r);
    });
    constexpr double half_log_two_pi = 0.918938533204672741780329736405617640;
    return full ? sum + static_cast<S>(half_log_two_pi * static_cast<double>(n)) : sum;
  }
  template <Real S>
  void column_derivative(const S* y, const S* z, Index units, S scale, S* d) const {
    using V = Lanes<S>;
    const Index n = units / 2;
    for_strips<V::size>(n, [&](Index i, auto count) {
      const V precision_root = exp(-0.5 * detail::load_strip<V>(y + n + i, count));
      const V r = (detail::load_strip<V>(z + i, count) - detail::load_strip<V>(y + i, count)) *
                  precision_root;
      detail::store_strip(-scale * (r * precision_root), d + i, count);
      detail::store_strip(0.5 * scale * (1 - r * r), d + n + i, count);
    });
  }
};

BACKFOLD_END_NAMESPACE
