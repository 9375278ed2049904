// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/io/header_options.hpp"
#include "backfold/io/library_types.hpp"
#include "backfold/io/network_deviation.hpp"
#include "backfold/io/quantised.hpp"

/// Not in backfold.hpp: only programs that export networks need it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Inputs within the bounds, scaled.
template <Real S>
Deviations bounded_inputs(const HeaderOptions& options, Index inputs) {
  Deviations result;
  const Scaling& scaling = options.input_scaling;
  for (Index i = 0; i < inputs; ++i) {
    const auto at = static_cast<std::size_t>(options.input_bounds.size() == 1 ? 0 : i);
    Deviation x{Interval::symmetric(options.input_bounds[at]), {}};
    if (scaling.size() > 0) {
      const double center = scaling.center()[i], factor = 1 / scaling.width()[i];
      const double size = (x.range.magnitude() + std::abs(center)) * factor;
      x.range = (x.range - center) * Interval::outwards(factor, factor) + scaling.base();
      x = x.rounded(rounding<S>(size + std::abs(scaling.base())));
    }
    result.push_back(x);
  }
  return result;
}

/// Output errors as intervals that hold for all states within `state`, or for the steps from it on.
template <Real S>
class ErrorsOverSteps {
 public:
  ErrorsOverSteps(const NetworkDeviation<S>& net, const Deviations& input, Index outputs)
      : net_(net), input_(input), errors_(static_cast<std::size_t>(outputs)) {}

  /// @throws std::invalid_argument if the bound overflows
  Deviations of_first(Index steps) {
    Deviations state = net_.start(), output;
    for (Index t = 1; t <= steps; ++t) {
      if (!net_.step(input_, state, output)) {
        fail_argument("header: the bound of the quantisation error overflows in step ", t, " of ",
                      steps, "; expected fewer steps, smaller input_bounds or smaller weights");
      }
      for (std::size_t i = 0; i < output.size(); ++i) {
        errors_[i].range = hull(errors_[i].range, output[i].range);
        errors_[i].error = hull(errors_[i].error, output[i].error);
      }
    }
    return errors_;
  }

  /// Looks for bounds of the state that a step leads into themselves, so they hold for ever. Bounds
  /// that grow are moved on by ever more than they grew in a step; those found are then narrowed.
  /// @throws std::invalid_argument if there are none
  Deviations of_all() {
    Deviations state = net_.start(), next = state;
    for (int k = 0; !leads_inside(state, next); ++k) {
      if (k == 150) fail_unbounded();
      const double further = k < 20 ? 0 : std::ldexp(0.01, (k - 20) / 2);
      for (std::size_t i = 0; i < state.size(); ++i) {
        grow(state[i].range, next[i].range, further);
        grow(state[i].error, next[i].error, further);
      }
    }
    for (int k = 0; k < 300; ++k) {
      for (std::size_t i = 0; i < state.size(); ++i) {
        const Deviation& start = net_.start()[i];
        state[i].range = intersection(state[i].range, hull(next[i].range, start.range));
        state[i].error = intersection(state[i].error, hull(next[i].error, start.error));
      }
      next = state;
      if (!net_.step(input_, next, errors_)) fail_unbounded();
    }
    return errors_;
  }

 private:
  [[noreturn]] static void fail_unbounded() {
    fail_argument(
        "header: the quantisation error has no bound over any number of steps, since the "
        "recurrence does not contract; expected steps >= 1, got 0");
  }
  bool leads_inside(const Deviations& state, Deviations& next) {
    next = state;
    if (!net_.step(input_, next, errors_)) fail_unbounded();
    for (std::size_t i = 0; i < state.size(); ++i) {
      if (!state[i].range.contains(next[i].range) || !state[i].error.contains(next[i].error)) {
        return false;
      }
    }
    return true;
  }
  static void grow(Interval& bounds, const Interval& next, double further) {
    const double down = (std::max)(bounds.lower - next.lower, 0.);
    const double up = (std::max)(next.upper - bounds.upper, 0.);
    bounds = {bounds.lower - (1 + further) * down, bounds.upper + (1 + further) * up};
  }

  const NetworkDeviation<S>& net_;
  const Deviations& input_;
  Deviations errors_;
};

/// @pre checked layers, options and types, and input bounds
template <Real S>
Vector<double> bounded_error(const std::vector<LayerDescription>& layers,
                             const std::vector<Block>& blocks, const S* w, const S* rounded,
                             const HeaderOptions& options) {
  const NetworkDeviation<S> net(layers, blocks, w, rounded);
  const Deviations input = bounded_inputs<S>(options, layers.front().units);
  ErrorsOverSteps<S> over(net, input, layers.back().units);
  const bool is_recurrent = !net.start().empty();
  const Deviations errors = is_recurrent && options.steps == 0
                                ? over.of_all()
                                : over.of_first(is_recurrent ? options.steps : 1);
  Vector<double> result(layers.back().units);
  const Scaling& scaling = options.target_scaling;
  for (Index i = 0; i < result.size(); ++i) {
    Deviation y = errors[static_cast<std::size_t>(i)];
    if (scaling.size() > 0) {
      const double base = scaling.base(), width = scaling.width()[i], center = scaling.center()[i];
      const double size = (y.range.magnitude() + std::abs(base)) * width + std::abs(center);
      y = Deviation{(y.range - base) * width + center, y.error * width}.rounded(rounding<S>(size));
    }
    result[i] = y.error.magnitude();
  }
  return result;
}

}  // namespace detail

/// A bound of the error that integer weights cause: for each output, the largest |ỹ − y| between
/// the header with these options and the network, for all inputs within `input_bounds`.
///
///     const bf::HeaderOptions options{.weights = bf::WeightFormat::Int8, .input_bounds = {1}};
///     const Eigen::VectorXd bound = bf::quantisation_error(net, options);
///
/// It is rigorous: layer by layer, in interval arithmetic,
///
///     net~ − net = Σ W̃(x̃ − x) + Σ (W̃ − W)x,   φ(net~) − φ(net) = φ'(ξ)(net~ − net),
///
/// with all values of φ' between the largest and the smallest net input, products of gates
/// likewise, and the rounding errors of both programs in the scalar. It allows for the worst case
/// in each unit, so real errors are smaller, for small networks by a factor of 2 to 30.
///
/// For recurrent networks it holds for the first `steps` steps from the state before the first
/// step, or with `steps` = 0 for any number of them: then bounds of the state are used that a step
/// does not leave. These exist if the recurrence contracts, or if the activations are bounded; then
/// they may be no better than the range of the activations.
///
/// Source: Moore, Interval analysis (1966).
/// @return a bound for each output, in the user's units
/// @throws std::invalid_argument as `write_header` does; for a wrong number of bounds, or one that
/// is negative or not finite; if a recurrent network has no bound over any number of steps
template <Real S, class... Layers>
[[nodiscard]] Vector<double> quantisation_error(const Network<S, Layers...>& net,
                                                const HeaderOptions& options) {
  detail::check_header_options(options, net.inputs(), net.outputs());
  detail::check_input_bounds(options, net.inputs());
  detail::check_library_types("header", net);
  const auto all_layers = layers(net);
  detail::check_gru_loops(all_layers);
  const auto all_blocks = blocks(net);
  const auto rounded = quantised(net, options.weights);
  return detail::bounded_error(all_layers, all_blocks, net.parameters().data(),
                               rounded.parameters().data(), options);
}

BACKFOLD_END_NAMESPACE
