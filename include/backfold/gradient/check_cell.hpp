// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "backfold/activation/linear.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/random.hpp"
#include "backfold/core/report.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/network/predict.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Whether a cell has a connection from itself, and so is given its previous output.
template <class C>
constexpr bool cell_feeds_itself() {
  for (const Connection& c : C::connections) {
    if (c.source == Connection::itself) return true;
  }
  return false;
}

/// One step of a cell for some samples: x = (net, previous, memory before) in, y = (output, memory,
/// and a block that no step may touch) out. What must be set is NaN before.
template <class C, Real S>
struct CellStep {
  const C& cell;
  Index units, n, net_size, block;
  Vector<S> x, y;

  CellStep(const C& c, Index samples)
      : cell(c),
        units(c.units()),
        n(samples),
        net_size(C::net_gates * units * n),
        block(units * n),
        x(net_size + 2 * block),
        y((Vector<S>::Zero)(3 * block)) {
    Random random(7);
    for (S& v : x) v = static_cast<S>(uniform(random, -1, 1));
    y.head(set_size()).setConstant(std::numeric_limits<S>::quiet_NaN());
  }
  static S* if_memory(S* data) { return C::has_memory ? data : nullptr; }
  S* net() { return x.data(); }
  S* previous() { return x.data() + net_size; }
  S* memory_before() { return if_memory(x.data() + net_size + block); }
  S* output() { return y.data(); }
  S* memory() { return if_memory(y.data() + block); }
  /// How many numbers of y a step sets.
  Index set_size() const { return C::has_memory ? 2 * block : block; }
  bool is_set() const { return all_finite(y.data(), set_size()); }
  /// The sample that number i of x belongs to, and the unit.
  Index sample_of(Index i) const {
    return i < net_size ? i / (C::net_gates * units) : (i - net_size) % block / units;
  }
  Index unit_of(Index i) const { return (i < net_size ? i : i - net_size) % units; }

  void forward() {
    cell.forward(net(), static_cast<const S*>(previous()), static_cast<const S*>(memory_before()),
                 output(), memory(), units, n);
  }
};

/// The pull-back against differences of the forward step, and that samples feel no others in it,
/// nor units if the cell says so.
template <class C>
void check_pull_back(const C& cell, Report& report) {
  CellStep<C, double> at(cell, 3), done = at;
  done.forward();
  report.expect(done.is_set(), "forward leaves outputs or memories unset, or not finite");
  report.expect(done.y.tail(at.y.size() - at.set_size()).isZero(0),
                "forward writes past the last output or memory");
  if (!report.ok()) return;
  Vector<double> adjoint(2 * at.block), given(at.x.size());
  Random random(8);
  for (double& v : adjoint) v = uniform(random, -1, 1);
  if (!C::has_memory) adjoint.tail(at.block).setZero();
  given.tail(2 * at.block) << Vector<double>::Ones(at.block), adjoint.tail(at.block);
  cell.pull_back(
      done.net(), static_cast<const double*>(done.previous()),
      static_cast<const double*>(done.memory_before()), static_cast<const double*>(done.output()),
      static_cast<const double*>(done.memory()), static_cast<const double*>(adjoint.data()),
      done.if_memory(given.data() + at.net_size + at.block), given.data() + at.net_size, at.units,
      at.n);
  report.expect(done.x.tail(2 * at.block) == at.x.tail(2 * at.block),
                "the step writes past its last gate: net_gates is ", C::net_gates);
  given.head(at.net_size) = done.x.head(at.net_size);
  given.segment(at.net_size, at.block).array() -= 1;  // to what stands there it is added

  constexpr double h = 1e-5;
  constexpr bool feeds_itself = cell_feeds_itself<C>();
  const Index count = at.x.size() - (C::has_memory ? 0 : at.block);
  for (Index i = 0; i < count; ++i) {
    CellStep<C, double> above = at, below = at;
    above.x[i] += h;
    below.x[i] -= h;
    above.forward();
    below.forward();
    const Vector<double> change = (above.y - below.y).head(2 * at.block);
    const double expected = adjoint.dot(change) / (2 * h);
    const bool is_previous = i >= at.net_size && i < at.net_size + at.block;
    const char* const what = i < at.net_size ? "net input "
                             : is_previous   ? "previous output "
                                             : "previous memory ";
    const Index number = i < at.net_size ? i : (i - at.net_size) % at.block;
    report.expect(!is_previous || feeds_itself || (given[i] == 0 && change.isZero(0)),
                  "the previous output is felt, but the cell has no connection from itself: list "
                  "one, or keep the output as a memory");
    report.expect(std::abs(given[i] - expected) <= 1e-8 * (std::max)(1.0, std::abs(expected)),
                  "pull_back to ", what, number, ": ", given[i], ", differences give ", expected);
    for (Index k = 0; k < change.size(); ++k) {
      if (change[k] == 0) continue;
      report.expect(k % at.block / at.units == at.sample_of(i), what, number,
                    " is felt by another sample");
      report.expect(!units_are_independent<C> || k % at.units == at.unit_of(i), what, number,
                    " is felt by another unit, but units_are_independent is true");
    }
  }
}

/// A gate at ±1e4 leaves all finite, a gate of NaN is felt.
template <Real S, class C>
void check_extremes(const C& cell, Report& report) {
  for (const double extreme : {-1e4, 1e4, std::numeric_limits<double>::quiet_NaN()}) {
    for (Index gate = 0; gate < C::net_gates; ++gate) {
      CellStep<C, S> step(cell, 1);
      step.x[gate * step.units] = static_cast<S>(extreme);
      step.forward();
      const bool finite = step.is_set();
      report.expect(finite == (extreme == extreme), "with gate ", gate, " at ", extreme,
                    " the step gives ", finite ? "numbers" : "what is not finite");
    }
  }
}

/// The biases come back to where they came from: gather is linear, scatter its transpose, and each
/// sets all its numbers and no others.
template <class C>
void check_biases(const C& cell, Report& report) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Index units = cell.units();
  const Index rows = C::net_gates * units;
  const Index count = C::weight_gates * units * C::bias_columns;
  const Index past = rows + count;
  Vector<double> bias = (Vector<double>::Zero)(count + past);
  Vector<double> net_bias(rows + past), d_net(rows + past), d_bias(count + past);
  bias.tail(past).setConstant(nan);
  d_net.tail(past).setConstant(nan);
  auto gather = [&] {
    net_bias.setConstant(nan);
    net_bias.tail(past).setZero();
    cell.gather_bias(static_cast<const double*>(bias.data()), net_bias.data(), units);
    report.expect(all_finite(net_bias.data(), rows), "gather_bias leaves rows of net unset, or ",
                  "reads past the last of ", count, " biases");
    report.expect(net_bias.tail(past).isZero(0), "gather_bias writes past the last row of net");
  };
  gather();
  if constexpr (C::bias_columns > 0) {
    Random random(9);
    for (Index i = 0; i < rows; ++i) d_net[i] = 1 + 0.3 * static_cast<double>(i);
    d_bias.setConstant(nan);
    d_bias.tail(past).setZero();
    cell.scatter_bias(static_cast<const double*>(d_net.data()), d_bias.data(), units);
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

/// A network around a cell, each layer as wide, in which all layers that it names exist.
template <class C>
struct CellNetwork {
  static constexpr Index width = C::units_at_compile_time;
  static constexpr int before = [] {
    int last = -1;
    for (const Connection& c : C::connections) last = (std::max)(last, c.source);
    return last + 1;
  }();
  using Hidden = Dense<width, Tanh>;

  static auto of(const C& cell) {
    return [&]<int... Layer>(std::integer_sequence<int, Layer...>) {
      return network(Input<width>(cell.units()), hidden<Layer>(cell.units())..., cell);
    }
    (std::make_integer_sequence<int, before>{});
  }

 private:
  template <int>
  static Hidden hidden(Index units) {
    return Hidden(units);
  }
  template <class... Layers>
  static auto network(const Layers&... layers) {
    return Rnn<double, Layers..., Dense<2, Linear>>(layers..., Dense<2, Linear>{});
  }
};

/// A cell in a network: gradients against differences, steps against whole sequences, and that
/// neither reads memory which nobody has set.
template <class C>
void check_in_network(const C& cell, Report& report) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr Index steps = 4;
  constexpr Index batch = 2;
  auto net = CellNetwork<C>::of(cell);
  using Net = decltype(net);
  Random random(10);
  auto draw = [&](auto& numbers) {
    for (Index i = 0; i < numbers.size(); ++i) numbers.data()[i] = uniform(random, -1, 1);
  };
  Matrix<double> X(net.inputs(), steps * batch), Z(net.outputs(), steps * batch);
  draw(net.parameters());
  draw(X);
  draw(Z);
  const Sequences<double> data(X, Z, steps);
  const HalfSquaredError loss;
  Workspace<Net> workspace(net, batch, steps);
  auto forget = [&] { std::fill_n(workspace.at(0), workspace.plan().size, nan); };

  forget();
  const Matrix<double> Y = run(net, X, steps, workspace);
  State<Net> state(net, batch);
  for (Index t = 0; t < steps; ++t) {
    const Matrix<double> y = step(net, X.middleCols(t * batch, batch), state);
    const auto same = Y.middleCols(t * batch, batch);
    report.expect((y - same).norm() <= 1e-12 * (std::max)(1.0, same.norm()), "in a network, step ",
                  t, " alone is not that of the whole sequence");
  }

  Vector<double> g = (Vector<double>::Constant)(net.parameter_count(), nan);
  forget();
  gradient(net, loss, data, workspace, g);
  const double scale = (std::max)(1.0, g.norm());
  const Vector<double> w = net.parameters();
  Vector<double> direction(w.size());
  for (int k = 0; k < 8; ++k) {
    constexpr double h = 1e-5;
    draw(direction);
    direction.normalize();
    net.parameters() = w + h * direction;
    const double above = error(net, loss, data, workspace);
    net.parameters() = w - h * direction;
    const double below = error(net, loss, data, workspace);
    const double expected = (above - below) / (2 * h);
    report.expect(std::abs(g.dot(direction) - expected) <= 1e-7 * scale,
                  "in a network, the slope of E is ", g.dot(direction), ", differences give ",
                  expected);
  }
}

}  // namespace detail

/// Runs our own checks on a cell: its pull-back against differences of its step, samples that feel
/// no others, biases there and back, nothing left unset, finite for gates of ±1e4 and NaN in, NaN
/// out, in float and double; and, if all that holds, a small network with the cell in it, whole
/// sequences against steps and the gradient against differences.
template <class C>
Report check_cell(const C& cell) {
  static_assert(Cell<C>, "backfold: not a cell (see layer/layer.hpp)");
  Report report;
  detail::check_pull_back(cell, report);
  detail::check_extremes<float>(cell, report);
  detail::check_extremes<double>(cell, report);
  if constexpr (detail::has_net_bias<C, double>) detail::check_biases(cell, report);
  // A network with a cell that is wrong by itself adds no information, and may crash.
  if (report.ok()) detail::check_in_network(cell, report);
  return report;
}

BACKFOLD_END_NAMESPACE
