// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

#include "backfold/activation/unit_symmetry.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/random.hpp"
#include "backfold/core/report.hpp"
#include "backfold/layer/layer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// One step of a cell for some samples: x = (net, previous, memory before) in, y = (output, memory)
/// out.
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
        y((Vector<S>::Zero)(2 * block)) {
    Random random(7);
    for (S& v : x) v = static_cast<S>(uniform(random, -1, 1));
  }
  static S* if_memory(S* data) { return C::has_memory ? data : nullptr; }
  S* net() { return x.data(); }
  S* previous() { return x.data() + net_size; }
  S* memory_before() { return if_memory(x.data() + net_size + block); }
  S* output() { return y.data(); }
  S* memory() { return if_memory(y.data() + block); }
  /// The unit that number i of x belongs to, among those of all samples.
  Index unit_of(Index i) const {
    if (i >= net_size) return (i - net_size) % block;
    return i / (C::net_gates * units) * units + i % units;
  }

  void forward() {
    cell.forward(net(), static_cast<const S*>(previous()), static_cast<const S*>(memory_before()),
                 output(), memory(), units, n);
  }
};

/// The pull-back against differences of the forward step, and that units feel no others in it.
template <class C>
void check_pull_back(const C& cell, Report& report) {
  CellStep<C, double> at(cell, 3), done = at;
  done.forward();
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
  given.head(at.net_size) = done.x.head(at.net_size);
  given.segment(at.net_size, at.block).array() -= 1;  // to what stands there it is added

  constexpr double h = 1e-5;
  const Index count = at.x.size() - (C::has_memory ? 0 : at.block);
  for (Index i = 0; i < count; ++i) {
    CellStep<C, double> above = at, below = at;
    above.x[i] += h;
    below.x[i] -= h;
    above.forward();
    below.forward();
    const Vector<double> change = above.y - below.y;
    const double expected = adjoint.dot(change) / (2 * h);
    const char* const what = i < at.net_size              ? "net input "
                             : i < at.net_size + at.block ? "previous output "
                                                          : "previous memory ";
    report.expect(std::abs(given[i] - expected) <= 1e-8, "pull_back to ", what, i, ": ", given[i],
                  ", differences give ", expected);
    for (Index k = 0; k < change.size(); ++k) {
      report.expect(change[k] == 0 || k % at.block == at.unit_of(i), what, i,
                    " is felt by another unit or sample");
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
      const bool finite = all_finite(step.y.data(), C::has_memory ? 2 * step.block : step.block);
      report.expect(finite == (extreme == extreme), "with gate ", gate, " at ", extreme,
                    " the step gives ", finite ? "numbers" : "what is not finite");
    }
  }
}

/// The biases come back to where they came from: scatter is the transpose of gather.
template <class C>
void check_biases(const C& cell, Report& report) {
  const Index units = cell.units();
  const Index count = C::weight_gates * units * C::bias_columns;
  Vector<double> bias = (Vector<double>::Zero)(count), net_bias(C::net_gates * units);
  Vector<double> d_net(net_bias.size()), d_bias(count);
  for (Index i = 0; i < d_net.size(); ++i) d_net[i] = 1 + 0.3 * static_cast<double>(i);
  cell.scatter_bias(static_cast<const double*>(d_net.data()), d_bias.data(), units);
  for (Index q = 0; q < count; ++q) {
    bias[q] = 1;
    cell.gather_bias(static_cast<const double*>(bias.data()), net_bias.data(), units);
    report.expect(std::abs(net_bias.dot(d_net) - d_bias[q]) < 1e-12, "scatter_bias gives ",
                  d_bias[q], " for bias ", q, ", gather_bias makes it ", net_bias.dot(d_net));
    bias[q] = 0;
  }
}

/// In all runs of `units` numbers, those of the first two units change places.
inline void swap_first_units(Vector<double>& numbers, Index units) {
  for (Index i = 0; i < numbers.size(); i += units) std::swap(numbers[i], numbers[i + 1]);
}

/// Units that have changed places do as before, where the cell says that they may.
template <class C>
void check_exchange(const C& cell, Report& report) {
  if (cell.units() < 2) return;
  CellStep<C, double> at(cell, 2), exchanged = at;
  swap_first_units(exchanged.x, at.units);
  at.forward();
  exchanged.forward();
  swap_first_units(exchanged.y, at.units);
  report.expect((at.y - exchanged.y).cwiseAbs().maxCoeff() <= 1e-12,
                "unit_symmetry: units that change places give other outputs");

  Vector<double> bias(C::weight_gates * at.units * C::bias_columns);
  for (Index i = 0; i < bias.size(); ++i) bias[i] = static_cast<double>(i);
  Vector<double> net_bias(C::net_gates * at.units), net_bias_exchanged = net_bias;
  cell.gather_bias(static_cast<const double*>(bias.data()), net_bias.data(), at.units);
  swap_first_units(bias, at.units);
  cell.gather_bias(static_cast<const double*>(bias.data()), net_bias_exchanged.data(), at.units);
  swap_first_units(net_bias_exchanged, at.units);
  report.expect(net_bias == net_bias_exchanged,
                "unit_symmetry: units that change places get other biases");
}

}  // namespace detail

/// Runs our own checks on a cell: its pull-back against differences of its step, units that feel
/// each other through weights alone, biases there and back, finite for gates of ±1e4 and NaN in,
/// NaN out, in float and double; that they can change places, where its unit_symmetry says so.
template <class C>
Report check_cell(const C& cell) {
  static_assert(Cell<C>, "backfold: not a cell (see layer/layer.hpp)");
  Report report;
  detail::check_pull_back(cell, report);
  detail::check_extremes<float>(cell, report);
  detail::check_extremes<double>(cell, report);
  if constexpr (C::bias_columns > 0) detail::check_biases(cell, report);
  if constexpr (requires { C::unit_symmetry; }) {
    if (C::unit_symmetry >= UnitSymmetry::Exchange) detail::check_exchange(cell, report);
  }
  return report;
}

BACKFOLD_END_NAMESPACE
