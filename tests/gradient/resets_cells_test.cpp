// SPDX-License-Identifier: MIT
// Resets inside sequences: cells, their memory and what they feel of their own past.
#include "own_cells.hpp"
#include "resets.hpp"

using namespace resets;

namespace {

/// Two gates, a memory, and its previous output: once by weights, once as it is.
struct WithMemory : own_cells::Facts<Recurrent<>, SelfRecurrent<2>> {
  static constexpr bool has_memory = true;
};

}  // namespace

TEST_CASE("a series with resets equals its pieces, through Lstm", "[resets]") {
  equals_pieces<Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>>();
  equals_pieces<Rnn<float, Input<2>, Lstm<5>, Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Lstm<2, Recurrent<3>>>>();
  equals_pieces<Rnn<double, Input<2>, Lstm<3>, Lstm<3, From<0>>, Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Lstm<3, Through<2>>, Dropout<3, MaskOver::Sequence>,
                    Dense<2, Linear, After<1>>>>();
  equals_pieces(Rnn<double, Input<Dynamic>, Lstm<Dynamic>, Dense<Dynamic, Linear>>(2, 4, 2));
}

TEST_CASE("a series with resets equals its pieces, through Gru", "[resets]") {
  equals_pieces<Rnn<double, Input<2>, Gru<3>, Dense<2, Linear>>>();
  equals_pieces<Rnn<float, Input<2>, Gru<1>>>();
  equals_pieces<Rnn<double, Input<2>, Gru<3, Through<2>>, LayerNorm<3>, Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Gru<3, Delayed<2, 2>>, Dense<2, Tanh, Recurrent<>>>>();
}

TEST_CASE("a series with resets equals its pieces, through MinGru", "[resets]") {
  equals_pieces<Rnn<double, Input<2>, MinGru<4>, Dense<2, Linear>>>();
  equals_pieces<Rnn<float, Input<2>, MinGru<3>, MinGru<4, From<0>, NoBias>, Dense<2, Tanh>>>();
  equals_pieces<Rnn<double, Input<2>, MinGru<3, Delayed<2>>, Dense<2, Tanh>>>();
}

TEST_CASE("a series with resets equals its pieces, through cells of a user", "[resets]") {
  equals_pieces<Rnn<double, Input<2>, own_cells::Own<WithMemory, 3>, Dense<2, Linear>>>();
  equals_pieces<Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, own_cells::Own<WithMemory, 2>>>();
}
