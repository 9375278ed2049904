// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <type_traits>

#include "backfold/gradient/gradient.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Default step of central differences, near ∛ε: it balances truncation and rounding.
template <Real S>
inline constexpr double difference_step = std::is_same_v<S, float> ? 5e-3 : 1e-5;

/// Calls f(i, (E(w + h) − E(w − h)) / 2h) for each parameter i in turn, as long as it returns true.
/// @pre f does not change the network. The parameters are restored exactly.
template <class Net, class L, class Function>
void for_each_difference(Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
                         Workspace<Net>& workspace, double h, const Function& f) {
  using S = typename Net::Scalar;
  for (Index i = 0; i < net.parameter_count(); ++i) {
    const S w = net.parameters()[i];
    const S step = static_cast<S>(h * (std::max)(1.0, std::abs(double(w))));
    net.parameters()[i] = w + step;
    const double above = loss_of(net, loss, data, workspace);
    const double width_above = double(net.parameters()[i]) - double(w);
    net.parameters()[i] = w - step;
    const double below = loss_of(net, loss, data, workspace);
    const double width_below = double(w) - double(net.parameters()[i]);
    net.parameters()[i] = w;
    if (!f(i, (above - below) / (width_above + width_below))) return;
  }
}

}  // namespace detail

/// Largest distance of a gradient from central differences.
struct GradientCheck {
  double largest_difference = 0;  ///< relative to the largest entry of the gradient (1 if all
                                  ///< are 0); NaN if one is
  Index parameter = -1;           ///< index of that entry
};

/// Compares ∇E(w) with (E(w + h) − E(w − h)) / 2h for every parameter. It takes 2n passes. Use a
/// network of doubles: in float, right gradients differ by up to about 1e-2. At a kink of an
/// activation or loss, differences are expected.
///
/// @param h the step, relative to max(1, |w_i|)
template <class Net, class L>
[[nodiscard]] GradientCheck check_gradient(
    Net net, const L& loss, const Sequences<typename Net::Scalar>& data,
    double h = detail::difference_step<typename Net::Scalar>) {
  using S = typename Net::Scalar;
  Workspace<Net> workspace(net, data.batch(), data.steps);
  Vector<S> g(net.parameter_count());
  gradient(net, loss, data, workspace, g);
  double scale = 0;
  for (Index i = 0; i < g.size(); ++i) scale = (std::max)(scale, std::abs(double(g[i])));
  if (scale == 0) scale = 1;
  GradientCheck result;
  detail::for_each_difference(net, loss, data, workspace, h, [&](Index i, double expected) {
    const double difference = std::abs(expected - double(g[i])) / scale;
    if (!(difference <= result.largest_difference)) {
      result.largest_difference = difference;
      result.parameter = i;
    }
    return is_finite(difference);  // nothing is larger
  });
  return result;
}

BACKFOLD_END_NAMESPACE
