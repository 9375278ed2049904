// SPDX-License-Identifier: MIT
// Jacobians against torch.autograd.functional.jacobian, of networks and of PyTorch's own cells.
#include "backfold/analysis/jacobian.hpp"
#include "backfold/analysis/transition.hpp"
#include "catch.hpp"
#include "reference/states.hpp"

using namespace backfold;

namespace {

constexpr double tolerance = 1e-12;

/// A Jacobian by all sequences: from each row the variables of its own, `size` a step and sequence.
Eigen::MatrixXd of_own_sequence(const Eigen::MatrixXd& J, Index outputs, Index batch, Index size) {
  const Index steps = J.cols() / (batch * size);
  Eigen::MatrixXd own(J.rows(), steps * size);
  for (Index i = 0; i < J.rows(); ++i) {
    const Index b = i / outputs % batch;
    for (Index t = 0; t < steps; ++t) {
      own.row(i).segment(t * size, size) = J.row(i).segment((t * batch + b) * size, size);
    }
  }
  return own;
}

template <class Net>
void check_jacobians(const char* name, Net net) {
  INFO(name);
  const Reference ref(std::string("derivatives/") + name);
  const auto batch = static_cast<Index>(ref.number("batch"));
  const auto steps = static_cast<Index>(ref.number("steps"));
  net.parameters() = ref["w"];
  State<Net> initial(net, batch);
  for_each_key("initial", initial, [&](const auto& key, auto block) { block = ref[key]; });
  Jacobian<Net> jacobian(net, steps);
  Eigen::MatrixXd J;
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    const JacobianOptions<Net> options{.steps = steps, .mode = mode, .initial = &initial};
    jacobian.by_parameters(net, ref["X"], J, options);
    CHECK(difference(J, ref["J_w"]) < tolerance);
    jacobian.by_inputs(net, ref["X"], J, options);
    CHECK(difference(J, of_own_sequence(ref["J_X"], net.outputs(), batch, net.inputs())) <
          tolerance);
    if constexpr (Net::Graph::is_recurrent) {
      jacobian.by_initial(net, ref["X"], J, options);
      const State<Net> one(net);
      for_each_key("J_initial", one, [&](const auto& key, const auto& block) {
        const Index first = block.data() - one.values().data();
        const Eigen::MatrixXd own = of_own_sequence(ref[key], net.outputs(), batch, block.rows());
        CHECK(difference(J.middleCols(first, block.rows()), own) < tolerance);
      });
    }
  }
}

template <class Net>
void check_transition(const std::string& name, Net net) {
  INFO(name);
  const Reference ref("derivatives/transitions");
  net.parameters() = ref[name + "_w"];
  State<Net> state(net);
  Transition<Net> transition(net);
  const Eigen::MatrixXd X = ref[name + "_X"];
  const Index n = transition.size();
  for (Index t = 0; t < X.cols(); ++t) {
    const Eigen::MatrixXd D = transition.jacobian(net, X.col(t), state);
    CHECK(difference(D, ref[name + "_D"].middleCols(t * n, n)) < tolerance);
    step(net, X.col(t), state);
  }
}

}  // namespace

TEST_CASE("Jacobians of networks equal PyTorch's", "[reference]") {
  check_jacobians("skips", Mlp<double, Input<3>, Dense<4, Tanh>, Dense<3, Softmax, From<0>>>());
  check_jacobians(
      "layer_norm",
      Mlp<double, Input<3>, Dense<4, Linear>, LayerNorm<4>, Activate<4, Gelu>, Dense<2, Linear>>());
  check_jacobians("lstm", Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>());
  check_jacobians(
      "min_gru",
      Rnn<double, Input<2>, MinGru<3>, Dense<2, Silu, SelfRecurrent<>, Delayed<1, 2>>>());
}

TEST_CASE("Jacobians of a cell's step equal PyTorch's", "[reference]") {
  check_transition("elman", Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>>());
  check_transition("lstm", Rnn<double, Input<2>, Lstm<3>>());
  check_transition("gru", Rnn<double, Input<2>, Gru<3>>());
}
