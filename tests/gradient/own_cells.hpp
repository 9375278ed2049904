// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>

#include "bptt.hpp"
#include "numbers.hpp"
#include "rtrl.hpp"

// Cells as users write them: any gates, parts, bias columns and connections.

namespace own_cells {

using namespace backfold;

template <int Layer, int Delay = 1>
struct DiagonalFrom {
  static constexpr Connection connection{Layer, Delay, true};
};

/// A cell of a list of facts: with s_g = sig(net_g), t_g = tanh(net_g) in gates g, and what the
/// cell has of a memory c and of its previous output h',
///
///     c = c'/2 + v,  h = c + h'/4,  v = Σ_g (g + 1)/(2·gates)·t_g·s_(g+1).
///
/// Each net input has a bias of some of the bias columns, each with a factor of its own.
template <class Facts, Index Units>
struct Own : Facts, Extent<Units> {
  using Extent<Units>::Extent;
  constexpr Own() = default;
  template <Index Other>
  using Resized = Own<Facts, Other>;
  template <Index Other>
  constexpr explicit Own(const Own<Facts, Other>& other) : Own(other.units()) {}

  static constexpr Index units_at_compile_time = Units;
  static constexpr int gates = Facts::net_gates;
  static constexpr int blocks = Facts::weight_gates * Facts::bias_columns;
  static constexpr bool feeds_itself = [] {
    for (const Connection& c : Facts::connections) {
      if (c.source == Connection::itself) return true;
    }
    return false;
  }();

  static constexpr double weight(int gate) { return (gate + 1) / (2.0 * gates); }
  template <class S>
  static S sig(S x) {
    return 1 / (1 + std::exp(-x));
  }
  template <class S>
  void forward(S* net, const S* h_before, const S* c_before, S* h, S* c, Index units,
               Index n) const {
    for (Index k = 0; k < units * n; ++k) {
      const S* const gate = net + k / units * gates * units + k % units;
      S v = 0;
      for (int g = 0; g < gates; ++g) {
        v += S(weight(g)) * std::tanh(gate[g * units]) * sig(gate[(g + 1) % gates * units]);
      }
      if (Facts::has_memory) c[k] = v += c_before[k] / 2;
      h[k] = v + (feeds_itself ? h_before[k] / 4 : S(0));
    }
  }
  template <class S>
  void pull_back(S* net, const S*, const S*, const S*, const S*, const S* d_h, S* d_c,
                 S* d_h_before, Index units, Index n) const {
    for (Index k = 0; k < units * n; ++k) {
      S* const gate = net + k / units * gates * units + k % units;
      S d = d_h[k];
      if (feeds_itself) d_h_before[k] += d_h[k] / 4;
      if (Facts::has_memory) {
        d += d_c[k];
        d_c[k] = d / 2;
      }
      std::array<S, gates> sum{};
      for (int g = 0; g < gates; ++g) {
        const int other = (g + 1) % gates;
        const S t = std::tanh(gate[g * units]), s = sig(gate[other * units]);
        sum[std::size_t(g)] += d * S(weight(g)) * (1 - t * t) * s;
        sum[std::size_t(other)] += d * S(weight(g)) * t * s * (1 - s);
      }
      for (int g = 0; g < gates; ++g) gate[g * units] = sum[std::size_t(g)];
    }
  }
  /// Calls f(gate, block of the biases, factor).
  template <class Function>
  static void for_biases(const Function& f) {
    for (int k = 0; k < (blocks > gates ? blocks : gates) && blocks > 0; ++k) {
      f(k % gates, k % blocks, 1 + 0.1 * k);
    }
  }
  template <class S>
  void gather_bias(const S* b, S* net, Index units) const requires(Facts::bias_columns > 0) {
    std::fill_n(net, gates * units, S(0));
    for_biases([&](int gate, int block, double factor) {
      for (Index i = 0; i < units; ++i) net[gate * units + i] += S(factor) * b[block * units + i];
    });
  }
  template <class S>
  void scatter_bias(const S* net, S* b, Index units) const requires(Facts::bias_columns > 0) {
    std::fill_n(b, blocks * units, S(0));
    for_biases([&](int gate, int block, double factor) {
      for (Index i = 0; i < units; ++i) b[block * units + i] += S(factor) * net[gate * units + i];
    });
  }
};

/// What most cells below have.
template <class... Connections>
struct Facts {
  static constexpr std::array<Connection, 1 + sizeof...(Connections)> connections{
      Connection{}, Connections::connection...};
  static constexpr int weight_gates = 2, net_gates = 2, bias_columns = 1;
  static constexpr bool has_memory = false;
  static constexpr PartList parts(int) { return {{{0, 0, 2}}, 1}; }
};

/// Layer normalisation with gain and shift, which only biases set, and tanh: its units affect each
/// other, and it has no past.
template <Index Units>
struct Normalised : Extent<Units> {
  using Extent<Units>::Extent;
  static constexpr Index units_at_compile_time = Units;
  static constexpr std::array<Connection, 1> connections{Connection{}};
  static constexpr int weight_gates = 1, net_gates = 3, bias_columns = 2;
  static constexpr bool has_memory = false;
  static constexpr PartList parts(int) { return {{{0, 0, 1}}, 1}; }

  template <class S>
  void forward(S* net, const S*, const S*, S* h, S*, Index units, Index n) const {
    for (Index c = 0; c < n; ++c, net += 3 * units, h += units) {
      S mean = 0, variance = 0;
      for (Index i = 0; i < units; ++i) mean += net[i] / S(units);
      for (Index i = 0; i < units; ++i) variance += (net[i] - mean) * (net[i] - mean) / S(units);
      const S deviation = std::sqrt(variance + S(0.01));
      for (Index i = 0; i < units; ++i) {
        net[i] = (net[i] - mean) / deviation;
        h[i] = std::tanh((1 + net[units + i]) * net[i] + net[2 * units + i]);
        net[2 * units + i] = deviation;
      }
    }
  }
  template <class S>
  void pull_back(S* net, const S*, const S*, const S* h, const S*, const S* d_h, S*, S*,
                 Index units, Index n) const {
    for (Index c = 0; c < n; ++c, net += 3 * units, h += units, d_h += units) {
      const S deviation = net[2 * units];
      S mean = 0, along = 0;
      for (Index i = 0; i < units; ++i) {
        const S d = d_h[i] * (1 - h[i] * h[i]) * (1 + net[units + i]);
        mean += d / S(units);
        along += d * net[i] / S(units);
      }
      for (Index i = 0; i < units; ++i) {
        const S d = d_h[i] * (1 - h[i] * h[i]), hat = net[i];
        net[i] = (d * (1 + net[units + i]) - mean - hat * along) / deviation;
        net[units + i] = d * hat;
        net[2 * units + i] = d;
      }
    }
  }
  template <class S>
  void gather_bias(const S* b, S* net, Index units) const {
    std::fill_n(net, units, S(0));
    std::copy(b, b + 2 * units, net + units);
  }
  template <class S>
  void scatter_bias(const S* net, S* b, Index units) const {
    std::copy(net + units, net + 3 * units, b);
  }
};

/// The sequence step by step, from a workspace of NaN, equals the sequence.
template <class Net>
void steps_equal_run(Net net) {
  Random random(5);
  for (double& w : net.parameters()) w = uniform(random, -1, 1);
  for (const Index batch : {1, 3}) {
    const Index T = 5;
    const Eigen::MatrixXd X = numbers(net.inputs(), T * batch, 1);
    Workspace<Net> workspace(net, batch, T);
    std::fill_n(workspace.at(0), workspace.plan().size, std::nan(""));
    State<Net> state(net, batch), final(net, batch);
    auto& of_steps = state.workspace();
    std::fill_n(of_steps.at(0), of_steps.plan().size, std::nan(""));
    state.reset();
    const Eigen::MatrixXd Y = run(net, X, T, workspace, nullptr, &final);
    for (Index t = 0; t < T; ++t) {
      const Eigen::MatrixXd y = step(net, X.middleCols(t * batch, batch), state);
      CHECK(difference(y, Y.middleCols(t * batch, batch)) < 1e-14);
    }
  }
}

/// Every pass of a network, and our own checks on a cell.
template <class Net>
void is_right(const Net& net) {
  bptt::check(net, HalfSquaredError{});
  steps_equal_run(net);
  if constexpr (Net::Graph::is_recurrent) rtrl::equals_bptt(net);
}
template <class C>
void passes_checks(const C& cell) {
  const Report report = check_cell(cell);
  INFO(report.failures());
  CHECK(report.ok());
}

}  // namespace own_cells
