// SPDX-License-Identifier: MIT
#include "numbers.hpp"
#include "own_cells.hpp"

// Cells that remember in other ways than by a connection from themselves, or not at all.

using namespace own_cells;

namespace {

/// A memory alone.
struct Remembers : Facts<> {
  static constexpr bool has_memory = true;
};
/// Neither memory nor connection from itself.
struct Forgets : Facts<> {};
/// A loop through the layer after it.
struct Looped : Facts<Delayed<2>> {};
struct LoopedMemory : Facts<Delayed<2>> {
  static constexpr bool has_memory = true;
};

using Out = Dense<2, Linear>;
template <class F>
using C = Own<F, 3>;
using Norm = Normalised<3>;

static_assert(Rnn<double, Input<2>, C<Remembers>, Out>::Graph::is_recurrent);
static_assert(Topology<Input<2>, Out, C<Remembers>, Out>::schedule ==
              std::array{detail::Segment{1, 1, false}, detail::Segment{2, 2, true},
                         detail::Segment{3, 3, false}});
static_assert(Topology<Input<2>, C<LoopedMemory>, Out>::schedule ==
              std::array{detail::Segment{1, 2, true}});
static_assert(!Mlp<double, Input<2>, Norm, C<Forgets>, Out>::Graph::is_recurrent);

}  // namespace

TEST_CASE("a cell with a memory and no connection from itself runs in time", "[gradient]") {
  passes_checks(C<Remembers>());
  is_right(Rnn<double, Input<2>, C<Remembers>, Out>());
  is_right(Rnn<double, Input<2>, Dense<2, Tanh, Recurrent<>>, C<Remembers>>());
  is_right(Rnn<double, Input<Dynamic>, Own<Remembers, Dynamic>, Own<Remembers, Dynamic>, Out>(
      2, 3, 4, 2));
  is_right(Rnn<double, Input<2>, C<Remembers>, Dense<2, Tanh, Delayed<1, 2>>>());
}

TEST_CASE("a cell without a past runs in every pass", "[gradient]") {
  passes_checks(C<Forgets>());
  is_right(Mlp<double, Input<2>, C<Forgets>, Out>());
  is_right(Mlp<double, Input<2>, Dense<2, Tanh>, C<Forgets>>());
  is_right(Rnn<double, Input<2>, C<Forgets>, Dense<2, Tanh, Recurrent<>, Delayed<1, 2>>>());
}

TEST_CASE("a cell in a loop through other layers needs no connection from itself", "[gradient]") {
  passes_checks(C<Looped>());
  passes_checks(C<LoopedMemory>());
  is_right(Rnn<double, Input<2>, C<Looped>, Out>());
  is_right(Rnn<double, Input<2>, C<LoopedMemory>, Out>());
}

TEST_CASE("cells whose units feel each other are differentiated, by RTRL too", "[gradient]") {
  passes_checks(Norm());
  is_right(Mlp<double, Input<2>, Norm, Out>());
  is_right(Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Normalised<Dynamic>>(2, 4, 5));
  is_right(Rnn<double, Input<2>, Norm, Dense<2, Tanh, Recurrent<>>>());
  is_right(Rnn<double, Input<2>, Dense<3, Tanh, Delayed<3>>, Norm, Dense<2, Tanh>>());
}

TEST_CASE("networks of cells without a connection from themselves are trained", "[gradient]") {
  const Eigen::MatrixXd X = numbers(2, 60, 1), Z = X.topRows(1) / 2;
  auto learns = [&](auto net, const auto& data) {
    Random random(3);
    net.initialize(Glorot{}, random);
    const History history = fit(net, HalfSquaredError{}, Adam{.learning_rate = 0.01}, data,
                                {.epochs = 100, .batch_size = 2});
    CHECK(history.final_loss() < history.losses.front() / 4);
  };
  learns(Mlp<double, Input<2>, Norm, Dense<1, Linear>>(), Samples(X, Z));
  learns(Rnn<double, Input<2>, C<Remembers>, Dense<1, Linear>>(), Sequences(X, Z, 6));
  CHECK_THROWS_AS(learns(Rnn<double, Input<2>, C<Remembers>, Dense<1, Linear>>(), Samples(X, Z)),
                  std::invalid_argument);
}
