// SPDX-License-Identifier: MIT
#include "backfold/analysis/jacobian.hpp"
#include "backfold/backfold.hpp"
#include "backfold/second_order/output_jacobian.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;
using Eigen::MatrixXd;

namespace {

/// The Jacobians of all steps, by RTRL and by backpropagation, against that of the whole sequence.
template <class Net>
void equals_jacobian(const Net& start) {
  Net net = start;
  Random random(7);
  for (double& w : net.parameters()) w = uniform(random, -0.8, 0.8);
  constexpr Index steps = 6;
  const MatrixXd X = numbers(net.inputs(), steps, 11);
  Jacobian<Net> jacobian(net, steps);
  MatrixXd expected, H;
  if (Net::Graph::is_recurrent) {
    jacobian.by_parameters(net, X, expected, {.steps = steps, .mode = JacobianMode::Reverse});
  } else {
    jacobian.by_parameters(net, X, expected, {.mode = JacobianMode::Reverse});
  }
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    detail::OutputJacobian<Net> by_step(net, {.mode = mode, .window = steps});
    for (int round = 0; round < 2; ++round) {  // a reset makes it new
      for (Index t = 0; t < steps; ++t) {
        by_step.step(net, X.col(t), H);
        CAPTURE(t, round, mode == JacobianMode::Forward);
        CHECK(difference(H, expected.middleRows(t * net.outputs(), net.outputs())) < 1e-12);
      }
      by_step.reset();
    }
    for (Index t = 0; t + 1 < steps; ++t) by_step.step(net, X.col(t));  // without a target
    by_step.step(net, X.col(steps - 1), H);
    CHECK(difference(H, expected.bottomRows(net.outputs())) < 1e-12);
  }
}

}  // namespace

TEST_CASE("a Kalman filter's Jacobian is that of the network, without a past") {
  equals_jacobian(Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear>>());
  equals_jacobian(Mlp<double, Input<2>, Dense<3, Gelu>, Dense<2, Gelu, From<0>>>());
  equals_jacobian(Mlp<double, Input<2>, Dense<3, Tanh>, LayerNorm<3>, Dense<3, Softmax>>());
  equals_jacobian(
      Mlp<double, Input<Dynamic>, Dense<Dynamic, Silu>, Dense<Dynamic, Sigmoid>>(2, 3, 2));
}

TEST_CASE("a Kalman filter's Jacobian by RTRL is that by BPTT") {
  equals_jacobian(Elman<double, 2, 4, 1>());
  equals_jacobian(Elman<double, Dynamic, Dynamic, Dynamic>(2, 4, 2));
  equals_jacobian(Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, Dense<2, Sigmoid>>());
  equals_jacobian(Rnn<double, Input<2>, Dense<3, Tanh, SelfRecurrent<>, Recurrent<2>>,
                      Dense<1, Linear, SelfRecurrent<>>>());
  equals_jacobian(Rnn<double, Input<2>, Dense<3, Gelu, Recurrent<>>, Dense<3, Softmax, From<0>>>());
  equals_jacobian(
      Rnn<double, Input<2>, Dense<3, Tanh>, Dense<2, Gelu, Recurrent<>, Delayed<1, 2>>>());
  equals_jacobian(Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>());
  equals_jacobian(Rnn<double, Input<2>, Gru<2, Recurrent<2>, Delayed<2>>, Lstm<2, Delayed<0, 2>>,
                      Dense<2, Tanh, From<0>, Delayed<1, 3>>>());
}

TEST_CASE("a Kalman filter's Jacobian has the derivatives of a learnt start") {
  equals_jacobian(
      Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, LearntStart>, Dense<2, Linear>>());
  equals_jacobian(Rnn<double, Input<2>, Dense<3, Tanh, SelfRecurrent<>, LearntStart>,
                      Dense<2, Sigmoid, Recurrent<2>, LearntStart, From<0>>>());
  equals_jacobian(Rnn<double, Input<2>, Dense<3, Gelu, Delayed<2>>,
                      Dense<2, Tanh, Delayed<1, 3>, LearntStart>>());
  equals_jacobian(Rnn<double, Input<2>, Lstm<2, LearntStart>, Gru<3, Delayed<1, 2>, LearntStart>,
                      Dense<1, Linear>>());
  equals_jacobian(Rnn<double, Input<2>, MinGru<3, LearntStart>, Dense<3, Softmax>>());
}

TEST_CASE("a window ends the past: its Jacobian is that from the state before it") {
  using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Recurrent<2>>, Dense<2, Linear>>;
  const auto net = made<Net>();
  const MatrixXd X = numbers(2, 9, 12);
  detail::OutputJacobian<Net> by_step(net, {.mode = JacobianMode::Reverse, .window = 3});
  State<Net> before(net, 1);
  Jacobian<Net> jacobian(net, 3);
  MatrixXd H, expected;
  for (Index t = 0; t < 9; ++t) {
    by_step.step(net, X.col(t), H);
    if (t < 2) continue;
    jacobian.by_parameters(net, X.middleCols(t - 2, 3), expected,
                           {.steps = 3, .step = 2, .initial = &before});
    CHECK(difference(H, expected) < 1e-12);
    step(net, X.col(t - 2), before);
  }
}

TEST_CASE("the cheaper Jacobian is taken: BPTT for a short window, RTRL for few units") {
  const Elman<double, 2, 20, 1> large;
  const Elman<double, 2, 2, 1> small;
  CHECK(detail::OutputJacobian(large, {}).is_forward());
  CHECK_FALSE(detail::OutputJacobian(large, {.window = 2}).is_forward());
  CHECK(detail::OutputJacobian(small, {.window = 100}).is_forward());
  CHECK_FALSE(
      detail::OutputJacobian(small, {.mode = JacobianMode::Reverse, .window = 100}).is_forward());
}
