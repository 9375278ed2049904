// SPDX-License-Identifier: MIT
#include "backfold/analysis/transition.hpp"

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"

using namespace backfold;

TEST_CASE("a direction that a step loses has the exponent minus infinity") {
  using Net = Rnn<float, Input<1>, Dense<2, Tanh, Recurrent<>>>;
  Net net;
  net.parameters().setZero();
  Transition<Net> transition(net);
  State<Net> state(net);
  const double lambda =
      transition.lyapunov_exponent(net, Eigen::MatrixXf::Zero(1, 3).eval(), state);
  CHECK(lambda == -std::numeric_limits<double>::infinity());
}

namespace {

template <class... Options>
using Several = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<2>, Delayed<2>, Options...>,
                    Lstm<2, Delayed<1>, Options...>>;

}  // namespace

TEMPLATE_TEST_CASE("the transition with several delays and a memory equals differences", "",
                   Several<>, Several<LearntStart>) {
  using Net = TestType;
  Net net;
  Random random(4);
  for (double& w : net.parameters()) w = uniform(random, -0.8, 0.8);
  const Eigen::Vector2d x(0.3, -0.6);
  State<Net> state(net);
  for (double& v : state.values()) v = uniform(random, -0.5, 0.5);
  Transition<Net> transition(net);
  REQUIRE(transition.size() == 3 * 2 + 2 + 2);
  Eigen::MatrixXd expected(transition.size(), transition.size());
  const double h = 1e-5;
  for (Index j = 0; j < transition.size(); ++j) {
    Eigen::VectorXd after[2];
    for (const int side : {0, 1}) {
      State<Net> moved = state;
      moved.values()[j] += side == 0 ? h : -h;
      step(net, x, moved);
      after[side] = moved.values();
    }
    expected.col(j) = (after[0] - after[1]) / (2 * h);
  }
  CHECK(difference(transition.jacobian(net, x, state), expected) < 1e-8);
}

TEST_CASE("the exponent of a run is that of the product of its transitions") {
  using Net = Rnn<double, Input<1>, Dense<4, Tanh, Recurrent<>>>;
  Net net;
  Random random(8);
  for (double& w : net.parameters()) w = uniform(random, -2, 2);
  const Index steps = 60;
  Eigen::MatrixXd X(1, steps);
  for (double& v : X.reshaped()) v = uniform(random, -0.2, 0.2);
  Transition<Net> transition(net);
  State<Net> state(net), end(net);
  Eigen::MatrixXd product = Eigen::MatrixXd::Identity(4, 4);
  for (Index t = 0; t < steps; ++t) {
    product = transition.jacobian(net, X.col(t), state) * product;
    step(net, X.col(t), state);
  }
  const double largest = std::log(product.norm()) / static_cast<double>(steps);
  CHECK(transition.lyapunov_exponent(net, X, end) == Approx(largest).margin(0.1));
  CHECK(difference(end.output<1>(), state.output<1>()) < 1e-14);
}

TEST_CASE("a transition refuses batches and runs without a step that counts") {
  using Net = Elman<double, 2, 3, 1>;
  const Net net;
  Transition<Net> transition(net);
  State<Net> state(net), two(net, 2);
  const Eigen::MatrixXd X = Eigen::MatrixXd::Ones(2, 2);
  CHECK_THROWS_WITH(transition.jacobian(net, X, state), "transition: takes one input, got 2");
  CHECK_THROWS_WITH(transition.jacobian(net, X.col(0), two),
                    "transition: takes the state of one sequence, got a batch of 2");
  CHECK_THROWS_WITH(transition.lyapunov_exponent(net, X, state, {.transient = 2}),
                    "transition: expected a transient from 0 to 1 steps, got 2");
}
