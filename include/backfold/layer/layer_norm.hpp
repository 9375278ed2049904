// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "backfold/core/error.hpp"
#include "backfold/core/setting.hpp"
#include "backfold/layer/connection.hpp"
#include "backfold/layer/extent.hpp"
#include "backfold/layer/layer_step.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Layer normalisation of the source's outputs, with a gain g and a shift b for each unit:
///
///     x_j = g_j n_j + b_j,  n_j = (net_j − m)/s,  m the mean of net over the units,
///     s² = (1/units) Σ_j (net_j − m)² + ε,
///     δ_j = (e_j − mean(e) − n_j mean(e ∘ n))/s with e_j = g_j ∂E/∂x_j.
///
/// Its own parameters are [g | b]; g starts at 1 and b at 0, whatever initializer the weights get.
/// To normalise the net inputs of a recurrent layer l, split it: `Dense<8, Linear, Delayed<l>>`,
/// `LayerNorm<8>`, `Activate<8, Tanh>`, the last of which is l.
///
/// A mean that is large compared with s is subtracted in two passes, which keeps the accuracy of
/// net inputs far from 0. Squares do not overflow: s is finite while |net| is less than half the
/// largest number. An ε below the smallest normal number counts as that.
///
/// Source: Ba, Kiros & Hinton, Layer normalization (2016). ε inside the root, as in PyTorch.
/// Differs: where the mean is rounded, or a square overflows, PyTorch's result is off, or NaN.
template <Index Units>
class LayerNorm : public Extent<Units> {
 public:
  static constexpr const char* name = "LayerNorm";
  static constexpr Index units_at_compile_time = Units;
  static constexpr auto connections = detail::connections_of<Direct>();
  static constexpr int bias_columns = 0;
  static constexpr int own_columns = 2;
  template <Index OtherUnits>
  using Resized = LayerNorm<OtherUnits>;

  double epsilon = 1e-5;
  static constexpr std::array settings{Setting{"epsilon", &LayerNorm::epsilon}};

  using Extent<Units>::Extent;
  constexpr LayerNorm() = default;
  /// @throws std::invalid_argument unless ε > 0
  constexpr LayerNorm(Index units, double e) : Extent<Units>(units), epsilon(e) { (check)(); }
  template <Index OtherUnits>
  constexpr explicit LayerNorm(const LayerNorm<OtherUnits>& other)
      : LayerNorm(other.units(), other.epsilon) {}

  constexpr void(check)() const {
    if (!(epsilon > 0)) fail_argument("LayerNorm: expected epsilon > 0, got ", epsilon);
  }

  template <Real S>
  void initialise_own(S* own, Index units) const {
    std::fill(own, own + units, S(1));
    std::fill(own + units, own + 2 * units, S(0));
  }

  template <Real S>
  void forward(const LayerStep<S>& at) const {
    const ColumnOf<const S> gain(at.own, at.units), shift(at.own + at.units, at.units);
    for (Index c = 0; c < at.n; ++c) {
      const ColumnOf<const S> net(at.net + c * at.units, at.units);
      ColumnOf<S> output(at.output + c * at.units, at.units);
      normalise(net, output);
      output = gain * output + shift;
    }
  }

  template <Real S>
  void pull_back(const LayerPullBack<S>& at) const {
    const ColumnOf<const S> gain(at.own, at.units);
    ColumnOf<S> d_gain(at.d_own, at.units), d_shift(at.d_own + at.units, at.units);
    for (Index c = 0; c < at.n; ++c) {
      const ColumnOf<const S> d_output(at.d_output + c * at.units, at.units);
      ColumnOf<S> net(at.net + c * at.units, at.units);
      const S inverse_s = normalise(net, net);
      d_gain += d_output * net;
      d_shift += d_output;
      const S mean_e = (gain * d_output).mean(), mean_en = (gain * d_output * net).mean();
      net = (gain * d_output - mean_e - net * mean_en) * inverse_s;
    }
  }

 private:
  template <class S>
  using ColumnOf = Eigen::Map<
      std::conditional_t<std::is_const_v<S>, const Eigen::Array<std::remove_const_t<S>, Units, 1>,
                         Eigen::Array<S, Units, 1>>>;

  /// n ← (net − m)/s; n may be net. @return 1/s
  template <class Net, class S>
  S normalise(const Net& net, Eigen::Map<Eigen::Array<S, Units, 1>>& n) const {
    using std::sqrt;                                   // and that of a dual number
    const S each = S(1) / static_cast<S>(net.size());  // the sum of all terms might overflow
    const S mean = (net * each).sum();
    const S padding =
        (std::max)(static_cast<S>(epsilon), static_cast<S>((std::numeric_limits<S>::min)()));
    n = net - mean;
    S unit(1), variance = n.square().mean();
    if (!(mean * mean <= 16 * (variance + padding) && variance <= static_cast<S>(1e30))) {
      // The mean is rounded to a digit of net, which may be larger than s: subtract that of the
      // rest too, kept among them, so that equal nets give 0. Squares of the rest may overflow.
      const S rest = (std::max)(S((n * each).sum()), S(n.minCoeff()));
      n -= (std::min)(rest, S(n.maxCoeff()));
      unit = (std::max)(S(1), (std::max)(S(n.maxCoeff()), S(-n.minCoeff())));
      n /= unit;
      variance = n.square().mean();
    }
    const S inverse_deviation = S(1) / sqrt(variance + padding / unit / unit);
    n *= inverse_deviation;
    return inverse_deviation / unit;
  }
};

BACKFOLD_END_NAMESPACE
