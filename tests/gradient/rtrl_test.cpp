// SPDX-License-Identifier: MIT
#include "rtrl.hpp"

using namespace rtrl;

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

TEST_CASE("real-time recurrent learning equals BPTT where all connections have no weights") {
  equals_bptt(Rnn<double, Input<3>, Dense<3, Tanh, Direct, Add<1, 1>>>());
  equals_bptt(Rnn<double, Input<3>, Dense<3, Softmax, Direct, Add<1, 1>, NoBias>>());
  equals_bptt(Rnn<double, Input<3>, Dense<3, Tanh, Direct, Add<2, 1>>, Dense<3, Tanh, Direct>>());
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
