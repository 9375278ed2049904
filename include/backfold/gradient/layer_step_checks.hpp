// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "backfold/activation/activate.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/random.hpp"
#include "backfold/core/report.hpp"
#include "backfold/layer/layer.hpp"

/// Checks of the functions of a layer, without a network.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if a layer has a connection from itself, so that its steps take its previous output.
template <class L>
constexpr bool layer_feeds_itself() {
  for (const Connection& c : L::connections) {
    if (c.source == Connection::itself) return true;
  }
  return false;
}

/// Steps of any layer. For a layer that fuses its activation, they apply φ and φ' as the products
/// do.
template <class L, Real S>
void run_any_forward(const L& layer, const LayerStep<S>& at) {
  if constexpr (fuses_activation<L>) {
    activate<Dynamic>(layer.activation(), static_cast<const S*>(at.net), at.output, at.units, at.n);
  } else {
    run_forward(layer, at);
  }
}
template <class L, Real S>
void run_any_pull_back(const L& layer, const LayerPullBack<S>& at) {
  if constexpr (fuses_activation<L>) {
    Vector<S> delta = Eigen::Map<const Vector<S>>(at.d_output, at.units * at.n);
    multiply_by_derivative<Dynamic>(layer.activation(), static_cast<const S*>(at.net), at.output,
                                    delta.data(), at.units, at.n);
    std::copy(delta.begin(), delta.end(), at.net);
  } else {
    run_pull_back(layer, at);
  }
}

/// One step of a layer for some samples. Inputs x = (net, previous output, memory before, own
/// parameters), outputs y = (output, memory, and a guard block that no step may write). Outputs are
/// NaN before the step.
template <class L, Real S>
struct SampleStep {
  const L& layer;
  Mode mode;
  Index units, n, net_size, block, own_size;
  Vector<S> x, y;

  SampleStep(const L& l, Index samples, Mode m)
      : layer(l),
        mode(m),
        units(l.units()),
        n(samples),
        net_size(net_gates<L>() * units * n),
        block(units * n),
        own_size(own_columns<L>() * weight_gates<L>() * units),
        x(net_size + 2 * block + own_size),
        y((Vector<S>::Zero)(3 * block)) {
    Random random(7);
    for (S& v : x) v = static_cast<S>(uniform(random, -1, 1));
    y.head(set_size()).setConstant(std::numeric_limits<S>::quiet_NaN());
  }
  /// Number of entries of y that a step sets.
  [[nodiscard]] Index set_size() const { return has_memory<L>() ? 2 * block : block; }
  [[nodiscard]] bool is_set() const { return all_finite(y.data(), set_size()); }
  [[nodiscard]] bool is_own(Index i) const { return i >= net_size + 2 * block; }
  /// Sample and unit of entry i of x.
  [[nodiscard]] Index sample_of(Index i) const {
    return i < net_size ? i / (net_gates<L>() * units) : (i - net_size) % block / units;
  }
  [[nodiscard]] Index unit_of(Index i) const { return (i < net_size ? i : i - net_size) % units; }

  LayerStep<S> step() {
    const bool memory = has_memory<L>();
    S* const before = x.data() + net_size;
    return {x.data(),
            y.data(),
            before,
            memory ? y.data() + block : nullptr,
            memory ? before + block : nullptr,
            before + 2 * block,
            units,
            n,
            mode,
            LayerNoise(Noise{}, 1, n, 0)};
  }
  void forward() { run_any_forward(layer, step()); }

  /// Result of the pull-back for ∂E/∂y = `adjoint`; arrays that it adds to start from 1.
  Vector<S> pulled_back(const Vector<S>& adjoint) {
    Vector<S> d_x = (Vector<S>::Ones)(x.size());
    d_x.segment(net_size + block, block) = adjoint.tail(block);
    S* const d_before = d_x.data() + net_size;
    const LayerStep<S> at = step();
    run_any_pull_back(
        layer,
        LayerPullBack<S>{at.net, at.output, at.output_before, at.memory, at.memory_before, at.own,
                         adjoint.data(), has_memory<L>() ? d_before + block : nullptr, d_before,
                         d_before + 2 * block, units, n, mode, at.noise});
    d_x.head(net_size) = x.head(net_size);
    d_x.segment(net_size, block).array() -= 1;
    d_x.tail(own_size).array() -= 1;
    return d_x;
  }

  [[nodiscard]] Index number_within(Index i) const {
    return is_own(i) ? i - net_size - 2 * block : i < net_size ? i : (i - net_size) % block;
  }
  [[nodiscard]] const char* name_of(Index i) const {
    return is_own(i)              ? "own parameter "
           : i < net_size         ? "net input "
           : i < net_size + block ? "previous output "
                                  : "previous memory ";
  }
};

/// Compares the pull-back with differences of the forward step, and checks that samples are
/// independent in it, and units too if the layer declares it.
template <Real S, class L>
void check_pull_back(const L& layer, Mode mode, Report& report) {
  SampleStep<L, S> at(layer, 3, mode), done = at;
  done.forward();
  report.expect(done.is_set(), "forward leaves outputs or memories unset, or not finite");
  report.expect(done.y.tail(at.y.size() - at.set_size()).isZero(0),
                "forward writes past the last output or memory");
  if (!report.ok()) return;
  Vector<S> adjoint(2 * at.block);
  Random random(8);
  for (S& v : adjoint) v = uniform(random, -1, 1);
  if (!has_memory<L>()) adjoint.tail(at.block).setZero();
  const Vector<S> given = done.pulled_back(adjoint);
  report.expect(done.x.tail(at.x.size() - at.net_size) == at.x.tail(at.x.size() - at.net_size),
                "the step writes past its last gate: net_gates is ", net_gates<L>());

  constexpr double h = 1e-5;
  for (Index i = 0; i < at.x.size(); ++i) {
    const bool is_memory = !at.is_own(i) && i >= at.net_size + at.block;
    if (is_memory && !has_memory<L>()) continue;
    SampleStep<L, S> above = at, below = at;
    above.x[i] += h;
    below.x[i] -= h;
    above.forward();
    below.forward();
    const Vector<S> change = (above.y - below.y).head(2 * at.block);
    const double expected = adjoint.dot(change) / (2 * h);
    const char* const what = at.name_of(i);
    const Index number = at.number_within(i);
    const bool is_previous = i >= at.net_size && i < at.net_size + at.block;
    report.expect(!is_previous || layer_feeds_itself<L>() || (given[i] == 0 && change.isZero(0)),
                  "the previous output is felt, but the cell has no connection from itself: list "
                  "one, or keep the output as a memory");
    report.expect(std::abs(given[i] - expected) <= 1e-8 * (std::max)(1.0, std::abs(expected)),
                  "pull_back to ", what, number, ": ", given[i], ", differences give ", expected);
    for (Index k = 0; k < change.size(); ++k) {
      if (change[k] == 0) continue;
      report.expect(at.is_own(i) || k % at.block / at.units == at.sample_of(i), what, number,
                    " is felt by another sample");
      report.expect(!units_are_independent<L> || k % at.units == at.unit_of(i), what, number,
                    " is felt by another unit, but units_are_independent is true");
    }
  }
}

/// Checks that gates of ±1e4 give finite results, and a gate of NaN gives NaN.
template <Real S, class L>
void check_extremes(const L& layer, Report& report) {
  for (const double extreme : {-1e4, 1e4, std::numeric_limits<double>::quiet_NaN()}) {
    for (Index gate = 0; gate < net_gates<L>(); ++gate) {
      SampleStep<L, S> step(layer, 1, Mode::Inference);
      step.x[gate * step.units] = static_cast<S>(extreme);
      step.forward();
      const bool finite = step.is_set();
      report.expect(finite == (extreme == extreme), "with gate ", gate, " at ", extreme,
                    " the step gives ", finite ? "numbers" : "what is not finite");
    }
  }
}

/// Checks the biases: gather is linear, scatter is its transpose, and each sets all its numbers and
/// no others.
template <Real S, class L>
void check_biases(const L& layer, Report& report) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Index units = layer.units();
  const Index rows = net_gates<L>() * units;
  const Index count = weight_gates<L>() * units * L::bias_columns;
  const Index past = rows + count;
  Vector<S> bias = (Vector<S>::Zero)(count + past);
  Vector<S> net_bias(rows + past), d_net(rows + past), d_bias(count + past);
  bias.tail(past).setConstant(nan);
  d_net.tail(past).setConstant(nan);
  auto gather = [&] {
    net_bias.setConstant(nan);
    net_bias.tail(past).setZero();
    layer.gather_bias(static_cast<const S*>(bias.data()), net_bias.data(), units);
    report.expect(all_finite(net_bias.data(), rows), "gather_bias leaves rows of net unset, or ",
                  "reads past the last of ", count, " biases");
    report.expect(net_bias.tail(past).isZero(0), "gather_bias writes past the last row of net");
  };
  gather();
  if constexpr (L::bias_columns > 0) {
    Random random(9);
    for (Index i = 0; i < rows; ++i) d_net[i] = 1 + 0.3 * static_cast<double>(i);
    d_bias.setConstant(nan);
    d_bias.tail(past).setZero();
    layer.scatter_bias(static_cast<const S*>(d_net.data()), d_bias.data(), units);
    report.expect(all_finite(d_bias.data(), count), "scatter_bias leaves biases unset, or reads ",
                  "past the last row of net");
    report.expect(d_bias.tail(past).isZero(0), "scatter_bias writes past the last of ", count,
                  " biases");
    for (Index q = 0; q < count; ++q) {
      bias[q] = 1;
      gather();
      const double given = net_bias.head(rows).dot(d_net.head(rows));
      report.expect(std::abs(given - d_bias[q]) < 1e-12 * (std::max)(1.0, std::abs(given)),
                    "scatter_bias gives ", d_bias[q], " for bias ", q, ", gather_bias makes it ",
                    given);
      bias[q] = 0;
    }
    for (Index q = 0; q < count; ++q) bias[q] = uniform(random, -1, 1);
    gather();
    const double sum = net_bias.head(rows).dot(d_net.head(rows));
    const double expected = bias.head(count).dot(d_bias.head(count));
    report.expect(std::abs(sum - expected) < 1e-10 * (std::max)(1.0, d_bias.head(count).norm()),
                  "gather_bias is not linear in the biases");
  }
}

/// Exchanges the first two units in all runs of `units` numbers.
template <Real S>
void swap_first_units(Vector<S>& numbers, Index units) {
  for (Index i = 0; i < numbers.size(); i += units) std::swap(numbers[i], numbers[i + 1]);
}

/// Checks that exchanged units give exchanged results, if the layer declares that symmetry.
template <Real S, class L>
void check_exchange(const L& layer, Report& report) {
  if (layer.units() < 2) return;
  SampleStep<L, S> at(layer, 2, Mode::Inference), exchanged = at;
  swap_first_units(exchanged.x, at.units);
  at.forward();
  exchanged.forward();
  swap_first_units(exchanged.y, at.units);
  const Index n = at.set_size();
  report.expect((at.y - exchanged.y).head(n).cwiseAbs().maxCoeff() <= 1e-12,
                "unit_symmetry: units that change places give other outputs");
  if constexpr (GathersBias<L>) {
    Vector<S> bias(weight_gates<L>() * at.units * L::bias_columns);
    for (Index i = 0; i < bias.size(); ++i) bias[i] = static_cast<double>(i);
    Vector<S> net_bias(net_gates<L>() * at.units), exchanged_bias = net_bias;
    layer.gather_bias(static_cast<const S*>(bias.data()), net_bias.data(), at.units);
    swap_first_units(bias, at.units);
    layer.gather_bias(static_cast<const S*>(bias.data()), exchanged_bias.data(), at.units);
    swap_first_units(exchanged_bias, at.units);
    report.expect(net_bias == exchanged_bias,
                  "unit_symmetry: units that change places get other biases");
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
