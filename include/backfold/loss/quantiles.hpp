// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "backfold/loss/pinball.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Pinball loss for several quantiles of each target: output i·Count + k predicts the quantile q_k
/// of target i, E = Σ_i Σ_k Pinball{q_k}(y_(i·Count+k), z_i).
///
///     Mlp<double, Input<4>, Dense<8, Tanh>, Dense<3, Linear>> net;   // one target: Z has 1 row
///     fit(net, Quantiles{0.05, 0.5, 0.95}, Adam{}, Samples(X, Z));
///
/// The order of the quantiles is not enforced: outputs may cross where samples are sparse. Source:
/// Koenker & Bassett, Regression quantiles (1978).
template <int Count>
struct Quantiles {
  static_assert(Count > 0, "backfold: Quantiles needs at least one quantile");
  std::array<double, static_cast<std::size_t>(Count)> quantiles;  ///< q_k, each between 0 and 1
  static constexpr Index outputs_per_target = Count;
  static constexpr Index output_of(Index target, Index k, Index) { return target * Count + k; }

  template <Real S>
  [[nodiscard]] S column(const S* y, const S* z, Index units) const {
    S error(0);
    each(y, z, units, [&](const Pinball& pinball, Index, const auto& output, const auto& target) {
      error += pinball.value(output, target).first();
    });
    return error;
  }
  template <Real S>
  void column_derivative(const S* y, const S* z, Index units, S scale, S* d) const {
    each(y, z, units, [&](const Pinball& pinball, Index j, const auto& output, const auto& target) {
      d[j] = scale * pinball.derivative(output, target).first();
    });
  }
  /// @throws std::invalid_argument unless each quantile is between 0 and 1
  constexpr void(check)() const {
    for (const double quantile : quantiles) (Pinball{quantile}.check)();
  }

 private:
  template <Real S, class Function>
  void each(const S* y, const S* z, Index units, const Function& f) const {
    using V = Lanes<S>;
    for (Index j = 0; j < units; ++j) {
      const auto k = static_cast<std::size_t>(j % Count);
      f(Pinball{quantiles[k]}, j, V(y[j]), V(z[j / Count]));
    }
  }
};

template <std::convertible_to<double>... Q>
Quantiles(Q...) -> Quantiles<static_cast<int>(sizeof...(Q))>;

BACKFOLD_END_NAMESPACE
