// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"

// Backpropagation through time against central differences: weights, inputs and initial state, for
// T in {1, 2, 9}, batch in {1, 4}, targets at every step or the last, lengths, weights of steps. A
// piece of a truncated pass is a sequence with an initial state: that is among them.

namespace bptt {

using namespace backfold;

struct Case {
  Index steps, batch;
  TargetsAt targets_at;
  bool with_lengths, with_weights;
};

inline std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Index steps : {1, 2, 9}) {
    for (const Index batch : {1, 4}) {
      for (const auto at : {TargetsAt::EveryStep, TargetsAt::LastStep}) {
        for (const bool lengths : {false, true}) {
          for (const bool weights : {false, true}) {
            all.push_back({steps, batch, at, lengths, weights});
          }
        }
      }
    }
  }
  return all;
}

template <class Net, class L>
void check(Net net, const L& loss) {
  Random random(17);
  for (double& w : net.parameters()) w = uniform(random, -0.7, 0.7);
  for (const Case& c : cases()) {
    CAPTURE(c.steps, c.batch, c.targets_at == TargetsAt::LastStep, c.with_lengths, c.with_weights);
    const Index columns = c.steps * c.batch;
    const Index target_columns = c.targets_at == TargetsAt::LastStep ? c.batch : columns;
    Eigen::MatrixXd X(net.inputs(), columns), Z(net.outputs(), target_columns);
    for (double& v : X.reshaped()) v = uniform(random, -1, 1);
    for (double& v : Z.reshaped()) v = uniform(random, 0.1, 0.9);
    Eigen::VectorXd weights(target_columns);
    for (Index i = 0; i < target_columns; ++i) weights[i] = double(i % 3);
    std::vector<Index> lengths;
    for (Index b = 0; b < c.batch; ++b) lengths.push_back(1 + (b + 1) % c.steps);
    Sequences<double> data(X, Z, c.steps);
    data.targets_at = c.targets_at;
    if (c.with_lengths) data.lengths = lengths.data();
    if (c.with_weights) {
      data.weights = weights.data();
      data.weight_count = target_columns;
    }

    Workspace<Net> workspace(net, c.batch, c.steps);
    std::fill_n(workspace.at(0), workspace.plan().size,
                std::nan(""));  // no pass reads stale memory
    State<Net> initial(net, c.batch), d_initial(net, c.batch);
    auto for_state = [&](auto&& f) {  // f(numbers, derivatives) of each piece of the state
      for_each_index<Net::layer_count>([&](auto l) {
        constexpr int layer = l();
        if constexpr (Net::Graph::history(layer) > 0) {
          for (int d = 1; d <= Net::Graph::history(layer); ++d) {
            f(initial.template output<layer>(d), d_initial.template output<layer>(d));
          }
        }
        if constexpr (State<Net>::template has_memory<layer>()) {
          f(initial.template memory<layer>(), d_initial.template memory<layer>());
        }
      });
    };
    for_state([&](auto numbers, auto) {
      for (double& v : numbers.reshaped()) v = uniform(random, -0.6, 0.6);
    });

    Eigen::VectorXd g = Eigen::VectorXd::Constant(net.parameter_count(), std::nan(""));
    Eigen::MatrixXd dX;
    gradient_with_inputs(net, loss, data, workspace, g, dX,
                         {.initial = &initial, .d_initial = &d_initial});
    auto slope = [&](double& number) {
      const double h = 1e-5;
      const double at = number;
      number = at + h;
      const double above = loss_of(net, loss, data, workspace, {.initial = &initial});
      number = at - h;
      const double below = loss_of(net, loss, data, workspace, {.initial = &initial});
      number = at;
      return (above - below) / (2 * h);
    };
    double worst = 0;
    auto compare = [&](double& number, double given) {
      worst = larger(worst, std::abs(slope(number) - given));
    };
    const double scale = std::max(1.0, g.cwiseAbs().maxCoeff());
    for (Index i = 0; i < g.size(); ++i) compare(net.parameters()[i], g[i]);
    for (Index i = 0; i < dX.size(); ++i) compare(X.data()[i], dX.data()[i]);
    for_state([&](auto numbers, auto derivatives) {
      for (Index i = 0; i < numbers.size(); ++i) compare(numbers.data()[i], derivatives.data()[i]);
    });
    REQUIRE(worst < 1e-7 * scale);
  }
}

}  // namespace bptt
