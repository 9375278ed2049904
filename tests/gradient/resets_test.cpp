// SPDX-License-Identifier: MIT
// Resets inside sequences: layers with delays.
#include "resets.hpp"
#include "said.hpp"

using namespace resets;

TEST_CASE("a series with resets equals its pieces, through loops of one layer", "[resets]") {
  equals_pieces<Elman<double, 2, 4, 2>>();
  equals_pieces<Elman<float, 2, 4, 2>>();
  equals_pieces<Rnn<double, Input<2>, Dense<1, Tanh, Recurrent<>>>>();
  equals_pieces<Rnn<double, Input<2>, Dense<5, Tanh, SelfRecurrent<>>, Dense<2, Linear>>>();
  equals_pieces<
      Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<1>, Recurrent<3>>, Dense<2, Linear>>>();
  equals_pieces<Rnn<float, Input<2>, Dense<3, Silu, Recurrent<3>>, Dense<2, Sigmoid>>>();
  equals_pieces(
      Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>>, Dense<Dynamic, Linear>>(3, 7,
                                                                                             2));
}

TEST_CASE("a series with resets equals its pieces, through loops over layers", "[resets]") {
  equals_pieces<
      Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, Dense<4, Sigmoid>, Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Dense<3, Linear, Delayed<3>>, LayerNorm<3>, Activate<3, Tanh>,
                    Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>, Delayed<2, 3>>,
                    Dense<3, Softmax, SelfRecurrent<>>>>();
  equals_pieces<Rnn<double, Input<3>, Dense<3, Tanh, Delayed<2>>, Residual<3, 0>,
                    Dense<2, Linear, From<0>>>>();
}

TEST_CASE("a series with resets equals its pieces, with taps on the past of earlier layers",
          "[resets]") {
  equals_pieces<Rnn<double, Input<2>, Dense<3, Tanh, Delayed<0, 2>>, Dense<2, Linear>>>();
  equals_pieces<Rnn<float, Input<2>, Dense<3, Tanh, Delayed<0, 1>>, Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<4, Tanh, Delayed<1, 2>>,
                    Dense<2, Linear, Delayed<1, 3>, From<0>>>>();
  equals_pieces<Rnn<double, Input<3>, Dense<3, Tanh, Add<1, 1>, Add<0, 2>>, Lstm<3, Delayed<0, 2>>,
                    Dense<2, Linear, Delayed<2, 2>>>>();
  equals_pieces(Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Delayed<0, 3>, Delayed<2>>,
                    Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>(2, 5, 3, 2));
}

TEST_CASE("a network without delays has nothing to reset", "[resets]") {
  DrawnSequences<Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>> all(4, 2);
  const Flags flags = drawn_flags(8, 2, 1);
  Sequences data = all.data();
  data.resets = flags;
  Eigen::VectorXd g;
  const double E = gradient(all.net, HalfSquaredError{}, data, all.workspace, g);
  CHECK(g == all.gradient());
  CHECK(E == all.loss());
}

TEST_CASE("resets at every step leave what a network without recurrence computes", "[resets]") {
  using Loop = Elman<double, 2, 4, 2>;
  DrawnSequences<Loop> all(6, 3);
  const Flags flags(18, 1);
  Sequences data = all.data();
  data.resets = flags;
  Mlp<double, Input<2>, Dense<4, Tanh>, Dense<2, Linear>> flat;
  flat.weights<1>() = all.net.weights<1, 0>();
  flat.bias<1>() = all.net.bias<1>();
  flat.weights<2>() = all.net.weights<2>();
  flat.bias<2>() = all.net.bias<2>();
  Workspace workspace(flat, 18);
  Loop g_net;
  Eigen::VectorXd g, expected;
  const double E = gradient(all.net, HalfSquaredError{}, data, all.workspace, g);
  CHECK(E == Approx(gradient(flat, HalfSquaredError{}, Samples(all.X, all.Z), workspace, expected))
                 .epsilon(1e-14));
  g_net.parameters() = g;
  flat.parameters() = expected;
  CHECK(difference(g_net.weights<1, 0>(), flat.weights<1>()) < 1e-13);
  CHECK(difference(g_net.bias<2>(), flat.bias<2>()) < 1e-13);
  CHECK((g_net.weights<1, 1>().array() == 0).all());
}

TEST_CASE("the gradient over resets equals central differences", "[resets]") {
  using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Delayed<2, 2>>, Lstm<3>,
                  Dense<2, Linear, Delayed<1, 3>>>;
  DrawnSequences<Net> all(8, 2);
  const Flags flags = drawn_flags(16, 4, 3);
  Sequences data = all.data();
  data.resets = flags;
  const GradientCheck check = check_gradient(all.net, HalfSquaredError{}, data);
  CHECK(check.largest_difference < 1e-8);
}

TEST_CASE("a pass with resets nowhere has the bits of one without", "[resets]") {
  using Net =
      Rnn<double, Input<2>, Dense<5, Tanh, Recurrent<>, Delayed<0, 2>>, Lstm<3>, Dense<2, Linear>>;
  DrawnSequences<Net> all(7, 3);
  const Eigen::VectorXd expected = all.gradient();
  const double E = all.loss();
  const Flags flags(21, 0);
  Sequences data = all.data();
  data.resets = flags;
  Eigen::VectorXd g;
  CHECK(gradient(all.net, HalfSquaredError{}, data, all.workspace, g) == E);
  CHECK(g == expected);
  CHECK(all.gradient() == expected);  // and the workspace still serves passes without
}

TEST_CASE("real-time recurrent learning that forgets at resets has the same gradient", "[resets]") {
  using Net =
      Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Recurrent<2>>, Gru<3>, Dense<2, Linear>>;
  equals_rtrl<Net>([](auto& rtrl, const Net&) { rtrl.reset(); });
}

TEST_CASE("resets that do not fit, or cannot be, are refused", "[resets]") {
  DrawnSequences<Elman<double, 2, 3, 2>> all(4, 2);
  const Flags seven(7, 1), eight(8, 1);
  Sequences data = all.data();
  data.resets = seven;
  Eigen::VectorXd g;
  CHECK(said([&] { gradient(all.net, HalfSquaredError{}, data, all.workspace, g); }) ==
        "data: expected 8 resets, one for each column of inputs, got 7");
  CHECK(said([&] { run(all.net, all.X, 4, all.workspace, {.resets = seven}); }) ==
        "run: expected 8 resets, one for each column of inputs, got 7");
  data.resets = eight;
  CHECK(said([&] {
          loss_of(all.net, ClosedLoop(HalfSquaredError{}), data, all.workspace);
        }).find("data: a loss that feeds outputs back as inputs takes no resets") == 0);
}
