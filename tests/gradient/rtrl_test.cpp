// SPDX-License-Identifier: MIT
#include "backfold/gradient/rtrl.hpp"

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"

using namespace backfold;

namespace {

template <class Net>
void equals_bptt(Net net) {
  Random random(13);
  for (double& w : net.parameters()) w = uniform(random, -0.8, 0.8);
  for (const Index T : {1, 2, 9}) {
    Eigen::MatrixXd X(net.inputs(), T), Z(net.outputs(), T);
    for (double& v : X.reshaped()) v = uniform(random, -1, 1);
    for (double& v : Z.reshaped()) v = uniform(random, 0.1, 0.9);
    Workspace<Net> workspace(net, 1, T);
    Eigen::VectorXd expected;
    const double E = gradient(net, HalfSquaredError{}, Sequences(X, Z, T), workspace, expected);
    const Eigen::MatrixXd Y = run(net, X, T, workspace);

    Rtrl<Net> rtrl(net);
    for (int round = 0; round < 2; ++round) {  // a reset makes it new
      double sum = 0;
      Eigen::VectorXd total = Eigen::VectorXd::Zero(net.parameter_count()), g;
      for (Index t = 0; t < T; ++t) {
        sum += rtrl.step(net, HalfSquaredError{}, X.col(t), Z.col(t), g);
        total += g;
        CHECK(difference(rtrl.output(), Y.col(t)) < 1e-13);
      }
      CAPTURE(T, round);
      CHECK(sum == Approx(E).epsilon(1e-13));
      CHECK(difference(total, expected) < 1e-12);
      rtrl.reset();
    }

    // Only the last step has a target.
    Eigen::VectorXd last;
    for (Index t = 0; t + 1 < T; ++t) rtrl.step(net, X.col(t));
    rtrl.step(net, HalfSquaredError{}, X.col(T - 1), Z.col(T - 1), last);
    Sequences<double> data(X, Z, T);
    const Eigen::MatrixXd z = Z.col(T - 1);
    Sequences<double> only_last(X, z, T);
    only_last.targets_at = TargetsAt::LastStep;
    gradient(net, HalfSquaredError{}, only_last, workspace, expected);
    CHECK(difference(last, expected) < 1e-12);
  }
}

}  // namespace

TEST_CASE("real-time recurrent learning equals BPTT for Elman, Jordan and taps", "[gradient]") {
  equals_bptt(Elman<double, 2, 4, 1>());
  equals_bptt(Elman<double, Dynamic, Dynamic, Dynamic>(2, 4, 2));
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, Dense<2, Sigmoid>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<3>>, Dense<1, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Silu, Recurrent<>, Recurrent<2>, Delayed<0, 2>>,
                  Dense<2, Tanh, From<0>>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, Dense<4, Sigmoid, NoBias>,
                  Dense<2, Tanh, Delayed<1, 2>>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh>, Dense<2, Tanh, Recurrent<>, Delayed<1, 2>>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Softmax, Recurrent<>>, Dense<2, Softmax>>());
}

TEST_CASE("real-time recurrent learning equals BPTT at the diagonal's lower cost", "[gradient]") {
  equals_bptt(Rnn<double, Input<2>, Dense<4, Tanh, SelfRecurrent<>>, Dense<1, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Dense<4, Gelu, SelfRecurrent<>, SelfRecurrent<3>, NoBias>,
                  Dense<2, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh>, Dense<4, Tanh, SelfRecurrent<2>, From<0>>,
                  Dense<1, Linear>>());
  equals_bptt(
      Rnn<double, Input<2>, Dense<3, Tanh, SelfRecurrent<>>, Dense<3, Tanh, SelfRecurrent<>>,
          Dense<4, Tanh, Recurrent<>>, Dense<1, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh, SelfRecurrent<>, Recurrent<2>>,
                  Dense<1, Linear, SelfRecurrent<>>>());
}

TEST_CASE("a diagonal layer carries one sensitivity a parameter, a full one units times as many") {
  constexpr Index blocks = 2;  // now and one step ago
  const Rnn<double, Input<2>, Dense<4, Tanh, SelfRecurrent<>>, Dense<1, Linear>> diagonal;
  CHECK(Rtrl(diagonal).size() == blocks * 4 * (2 + 1 + 1));
  CHECK(Rtrl(Elman<double, 2, 4, 1>()).size() == blocks * 4 * 4 * (2 + 4 + 1));
}

TEST_CASE("real-time recurrent learning refuses batches and networks of other sizes") {
  using Net = Elman<double, Dynamic, Dynamic, Dynamic>;
  const Net net(2, 4, 2), wider(2, 5, 2);
  Rtrl rtrl(net);
  Eigen::VectorXd g;
  const Eigen::MatrixXd two = Eigen::MatrixXd::Ones(2, 2), one = two.col(0);
  const HalfSquaredError loss;
  CHECK_THROWS_WITH(rtrl.step(net, loss, two, two, g), "Rtrl: takes one sample, got 2");
  CHECK_THROWS_WITH(rtrl.step(net, loss, one, Eigen::VectorXd::Ones(1).eval(), g),
                    "data: targets have 1 rows, the output layer 2 units");
  CHECK_THROWS_WITH(rtrl.step(wider, loss, one, one, g),
                    "state: its layer 1 has 4 units, the network's 5");
  CHECK_THROWS_WITH(rtrl.step(wider, one), "state: its layer 1 has 4 units, the network's 5");
}

TEST_CASE("real-time recurrent learning equals BPTT for stacks and cells", "[gradient]") {
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<3, Tanh, Recurrent<>>,
                  Dense<1, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Gru<3>, Dense<2, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh>, Lstm<2>, Gru<3, From<0>>, Dense<1, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh, SelfRecurrent<>>, Gru<2, NoBias>, Lstm<2>>());
  equals_bptt(Rnn<double, Input<2>, Gru<2, Recurrent<2>, Delayed<2>>, Lstm<2, Delayed<0, 2>>,
                  Dense<2, Tanh, From<0>, Delayed<1, 3>>>());
}
