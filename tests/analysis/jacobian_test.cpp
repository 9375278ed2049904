// SPDX-License-Identifier: MIT
#include "backfold/analysis/jacobian.hpp"

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "drawn_sequences.hpp"

using namespace backfold;

namespace {

/// Columns of the Jacobian by central differences, one for each number that `numbers` lists.
template <class Outputs>
Eigen::MatrixXd differences(const Outputs& outputs, const std::vector<double*>& numbers) {
  const double h = 1e-5;
  Eigen::MatrixXd J;
  for (std::size_t j = 0; j < numbers.size(); ++j) {
    const double kept = *numbers[j];
    *numbers[j] = kept + h;
    const Eigen::MatrixXd up = outputs();
    *numbers[j] = kept - h;
    const Eigen::MatrixXd down = outputs();
    *numbers[j] = kept;
    J.conservativeResize(up.size(), static_cast<Index>(j) + 1);
    J.col(static_cast<Index>(j)) = ((up - down) / (2 * h)).reshaped();
  }
  return J;
}

template <class M>
std::vector<double*> all(M&& numbers) {
  std::vector<double*> list;
  for (Index i = 0; i < numbers.size(); ++i) list.push_back(numbers.data() + i);
  return list;
}

/// Both modes, the whole sequence and single steps, of one sequence.
template <class Net>
void check_jacobians(Net net, Index steps) {
  Random random(23);
  for (double& w : net.parameters()) w = uniform(random, -0.8, 0.8);
  Eigen::MatrixXd X(net.inputs(), steps);
  for (double& x : X.reshaped()) x = uniform(random, -1, 1);
  State<Net> initial(net);
  for (double& v : initial.values()) v = uniform(random, -0.5, 0.5);
  Workspace<Net> workspace(net, 1, steps);
  auto outputs = [&] { return Eigen::MatrixXd(run(net, X, steps, workspace, &initial)); };
  Jacobian<Net> jacobian(net, steps);
  Eigen::MatrixXd J;
  for (const JacobianMode mode :
       {JacobianMode::Forward, JacobianMode::Reverse, JacobianMode::Cheaper}) {
    CAPTURE(steps, static_cast<int>(mode));
    JacobianOptions<Net> options{.steps = steps, .mode = mode, .initial = &initial};
    jacobian.by_parameters(net, X, J, options);
    CHECK(difference(J, differences(outputs, all(net.parameters()))) < 1e-8);
    jacobian.by_inputs(net, X, J, options);
    const Eigen::MatrixXd by_inputs = differences(outputs, all(X));
    CHECK(difference(J, by_inputs) < 1e-8);
    if constexpr (Net::Graph::is_recurrent) {
      jacobian.by_initial(net, X, J, options);
      CHECK(difference(J, differences(outputs, all(initial.values()))) < 1e-8);
    }
    options.step = steps - 1;
    jacobian.by_inputs(net, X, J, options);
    CHECK(difference(J, by_inputs.bottomRows(net.outputs())) < 1e-8);
  }
}

}  // namespace

TEST_CASE("Jacobians of both modes equal differences") {
  check_jacobians(Mlp<double, Input<1>, Dense<1, Tanh>>(), 1);
  check_jacobians(Mlp<double, Input<3>, Dense<4, Gelu>, LayerNorm<4>, Dense<2, Softmax>>(), 1);
  check_jacobians(Elman<double, Dynamic, Dynamic, Dynamic>(2, 3, 2), 1);
  check_jacobians(Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<2>, Delayed<2>>, Lstm<2>>(), 5);
}

TEST_CASE("Jacobians from a learnt start equal differences and give the gradient") {
  using Net =
      Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<2>, LearntStart>, Lstm<2, LearntStart>>;
  check_jacobians(Net(), 1);
  check_jacobians(Net(), 4);
  const Index steps = 4, batch = 3;
  DrawnSequences<Net> at(steps, batch);
  Jacobian<Net> jacobian(at.net, steps);
  auto outputs = [&] { return Eigen::MatrixXd(run(at.net, at.X, steps, at.workspace)); };
  const Eigen::VectorXd residual = (outputs() - at.Z).reshaped();
  const Eigen::VectorXd g = at.gradient();
  Eigen::MatrixXd J;
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    jacobian.by_parameters(at.net, at.X, J, {.steps = steps, .mode = mode});
    CHECK(difference(J, differences(outputs, all(at.net.parameters()))) < 1e-8);
    CHECK(difference(J.transpose() * residual, g) < 1e-12);
    // The state of a sequence counts as a variable next to the parameters that it starts from.
    Eigen::MatrixXd by_state;
    jacobian.by_initial(at.net, at.X, by_state, {.steps = steps, .mode = mode});
    const Index second = at.net.architecture().start_offset<2>();
    CHECK(difference(by_state.rightCols(4), J.middleCols(second, 4)) < 1e-14);
  }
}

TEST_CASE("the Jacobian of a batch is that of its sequences") {
  using Net = Rnn<double, Input<2>, Gru<3>, Dense<2, Tanh>>;
  Net net;
  Random random(3);
  net.initialize(Glorot{}, random);
  const Index batch = 3, steps = 2;
  Eigen::MatrixXd X(2, batch * steps), J, one;
  for (double& x : X.reshaped()) x = uniform(random, -1, 1);
  State<Net> initial(net, batch), first(net);
  for (double& x : initial.output<1>().reshaped()) x = uniform(random, -1, 1);
  Jacobian<Net> jacobian(net, steps);
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    jacobian.by_parameters(net, X, J, {.steps = steps, .mode = mode, .initial = &initial});
    REQUIRE(J.rows() == 2 * batch * steps);
    for (Index b = 0; b < batch; ++b) {
      Eigen::MatrixXd x(2, steps);
      for (Index t = 0; t < steps; ++t) x.col(t) = X.col(t * batch + b);
      first.output<1>() = initial.output<1>().col(b);
      jacobian.by_parameters(net, x, one, {.steps = steps, .mode = mode, .initial = &first});
      for (Index t = 0; t < steps; ++t) {
        CHECK(J.middleRows(2 * (t * batch + b), 2) == one.middleRows(2 * t, 2));
      }
    }
  }
}

TEST_CASE("a Jacobian refuses what does not fit") {
  using Net = Elman<double, Dynamic, Dynamic, Dynamic>;
  const Net net(2, 3, 1), wider(2, 4, 1);
  Jacobian<Net> jacobian(net, 2);
  Eigen::MatrixXd J;
  const Eigen::MatrixXd X = Eigen::MatrixXd::Ones(2, 4), three = Eigen::MatrixXd::Ones(3, 4);
  CHECK_THROWS_WITH(jacobian.by_inputs(net, three, J), "input has 3 rows, the input layer 2 units");
  CHECK_THROWS_WITH(jacobian.by_inputs(net, X, J, {.steps = 3}),
                    "jacobian: the input has 4 columns, no whole number of sequences of 3 steps");
  CHECK_THROWS_WITH(jacobian.by_inputs(net, X, J, {.steps = 2, .step = 2}),
                    "jacobian: expected a step from 0 to 1, got 2");
  CHECK_THROWS_WITH(jacobian.by_inputs(wider, X, J),
                    "state: its layer 1 has 3 units, the network's 4");
  const State<Net> one(net);
  CHECK_THROWS_WITH(jacobian.by_inputs(net, X, J, {.steps = 2, .initial = &one}),
                    "state: it is for a batch of 1, the data have 2");
}
