// SPDX-License-Identifier: MIT
// Resets inside sequences of networks that learn the state before the first step.
#include "resets.hpp"

using namespace resets;

TEST_CASE("a series with resets equals its pieces, each from the learnt start", "[resets]") {
  equals_pieces<
      Rnn<double, Input<2>, Dense<4, Tanh, Recurrent<>, LearntStart>, Dense<2, Linear>>>();
  equals_pieces<
      Rnn<float, Input<2>, Dense<3, Silu, Recurrent<3>, LearntStart>, Dense<2, Sigmoid>>>();
  equals_pieces<Rnn<double, Input<2>, Dense<1, Tanh, Recurrent<>, LearntStart>>>();
  equals_pieces<
      Rnn<double, Input<2>, Dense<3, Tanh, SelfRecurrent<1>, SelfRecurrent<3>, LearntStart>,
          Dense<2, Linear>>>();
  equals_pieces(Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<2>, LearntStart>,
                    Dense<Dynamic, Linear>>(3, 7, 2));
}

TEST_CASE("a series with resets equals its pieces, from learnt starts of cells", "[resets]") {
  equals_pieces<Rnn<double, Input<2>, Lstm<3, LearntStart>, Dense<2, Linear>>>();
  equals_pieces<Rnn<float, Input<2>, Gru<3, LearntStart>, Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Gru<3, Recurrent<2>, LearntStart>, Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Lstm<3, Recurrent<3>, LearntStart>, MinGru<3, LearntStart>,
                    Dense<2, Linear, Delayed<1, 2>>>>();
  equals_pieces(
      Rnn<float, Input<Dynamic>, Lstm<Dynamic, LearntStart>, Dense<Dynamic, Linear>>(2, 5, 2));
}

TEST_CASE("a series with resets equals its pieces, from learnt starts of some layers", "[resets]") {
  equals_pieces<Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, Dense<4, Sigmoid, LearntStart>,
                    Dense<2, Linear>>>();
  // Out of loops: one product over all steps reads the start.
  equals_pieces<Rnn<double, Input<2>, Dense<3, Tanh, LearntStart>, Dense<4, Tanh, Delayed<1, 2>>,
                    Dense<2, Linear, Delayed<1, 3>, From<0>>>>();
  equals_pieces<
      Rnn<double, Input<3>, Dense<3, Tanh, Add<1, 1>, Add<0, 2>, LearntStart>,
          Lstm<3, Delayed<0, 2>, LearntStart>, Dense<2, Linear, Delayed<2, 2>, Delayed<1, 1>>>>();
  equals_pieces<Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>, Delayed<2, 3>>,
                    Dense<3, Softmax, SelfRecurrent<>, LearntStart>>>();
}

TEST_CASE("the gradient of a start over resets equals central differences", "[resets]") {
  using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Delayed<2, 2>, LearntStart>,
                  Lstm<3, LearntStart>, Dense<2, Linear, Delayed<1, 3>>>;
  DrawnSequences<Net> all(8, 3);
  const Flags flags = drawn_flags(24, 4, 3);
  const std::vector<Index> lengths{8, 3, 5};  // and no resets after the ends
  Sequences data = all.data();
  data.resets = flags;
  CHECK(check_gradient(all.net, HalfSquaredError{}, data).largest_difference < 1e-8);
  data.lengths = lengths.data();
  CHECK(check_gradient(all.net, HalfSquaredError{}, data).largest_difference < 1e-8);
}

TEST_CASE("real-time recurrent learning that goes back to the start has the same gradient",
          "[resets]") {
  using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Recurrent<2>, LearntStart>,
                  Gru<3, LearntStart>, Lstm<2>, Dense<2, Linear>>;
  equals_rtrl<Net>([](auto& rtrl, const Net& net) { rtrl.reset(net); });
}

TEST_CASE("fit over resets learns the start that all pieces of a series share", "[resets]") {
  using Net =
      Rnn<double, Input<1>, Dense<2, Linear, SelfRecurrent<>, LearntStart>, Dense<1, Linear>>;
  DrawnSequences<Net> all(40, 2);
  const Flags flags = drawn_flags(80, 4, 2);
  const Net teacher = all.net;
  const Eigen::MatrixXd Z = run(teacher, all.X, 40, all.workspace, {.resets = flags});
  Sequences data(all.X, Z, 40);
  data.resets = flags;
  for (const Index truncation : {0, 7}) {
    Net net = teacher;
    net.start<1>().setZero();
    const auto history = fit(net, HalfSquaredError{}, Adam{.learning_rate = 0.02}, data,
                             {.epochs = 1500, .truncation = truncation});
    CAPTURE(truncation);
    // Pieces that a window cuts have no gradient to the start beyond it.
    CHECK(history.final_loss() < (truncation == 0 ? 1e-4 : 0.02) * history.losses.front());
    const Eigen::MatrixXd Y = run(net, all.X, 40, all.workspace, {.resets = flags});
    CHECK(difference(Y, Z) < (truncation == 0 ? 0.01 : 0.05));
  }
}
