// SPDX-License-Identifier: MIT
#include <limits>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

using Deep = Mlp<double, Input<50>, Dense<20, Tanh>, Dense<30, Tanh>, Dense<20, Sigmoid>,
                 Dense<30, Relu>, Dense<20, Tanh>, Dense<30, Gelu>, Dense<4, Softmax>>;
using Skips = Mlp<double, Input<3>, Dense<9, Tanh>, Dense<4, Gelu, From<0>>, LayerNorm<4>,
                  Dense<7, Softmax, From<1>>, Dense<8, Tanh>, Dense<2, Sigmoid, From<0>, From<2>>>;
using Loops = Rnn<double, Input<3>, Dense<4, Tanh, Recurrent<2>, Delayed<3>>, Dense<5, Tanh>,
                  Dense<4, Tanh>, Dense<6, Gelu, From<1>>, Dense<2, Sigmoid, Delayed<0, 2>>>;
using Cells = Rnn<double, Input<3>, Lstm<4>, Dense<5, Tanh>, Gru<3>, Lstm<6>, Dense<2, Linear>>;

/// The room of the products of a workspace for gradients, its last piece.
template <class W>
Index products_of(const W& workspace) {
  return workspace.plan().size - workspace.plan().scratch;
}

template <class W>
void fill_with_nan(W& workspace) {
  std::fill_n(workspace.at(0), workspace.plan().size, std::numeric_limits<double>::quiet_NaN());
}

/// Outputs, E and gradients of a network, from workspaces of all purposes in turn.
template <class Net>
void serves_all_purposes(Index batch, Index steps) {
  const Net net = made<Net>();
  const HalfSquaredError loss;
  const Eigen::MatrixXd X = numbers(net.inputs(), batch * steps, 1);
  const Eigen::MatrixXd Z = numbers(net.outputs(), batch * steps, 2);
  const Sequences<double> data(X, Z, steps), part(X.leftCols(steps), Z.leftCols(steps), steps);
  Workspace<Net> all(net, batch, steps, Purpose::Tangent);
  const Eigen::MatrixXd Y = run(net, X, steps, all);
  Eigen::VectorXd g, same;
  Eigen::MatrixXd dX, same_dX;
  const double E = gradient_with_inputs(net, loss, data, all, g, dX);

  Workspace<Net> forward(net, batch, steps, Purpose::Forward);
  fill_with_nan(forward);
  CHECK(run(net, X, steps, forward) == Y);
  fill_with_nan(forward);
  CHECK(loss_of(net, loss, data, forward) == E);

  Workspace<Net> any(net, batch, steps, Purpose::Forward);
  for (int round = 0; round < 2; ++round) {
    fill_with_nan(any);
    CHECK(gradient(net, loss, data, any, same) == E);
    CHECK(same == g);
    CHECK(run(net, X, steps, any) == Y);
    CHECK(loss_of(net, loss, part, any) == loss_of(net, loss, part, forward));
    CHECK(gradient(net, loss, data, any, same) == E);
    CHECK(same == g);
    CHECK(gradient_with_inputs(net, loss, data, any, same, same_dX) == E);
    CHECK(same == g);
    CHECK(same_dX == dX);
    CHECK(loss_of(net, loss, data, any) == E);
  }
}

/// Sequences of different lengths, with states, between passes for other purposes.
template <class Net>
void serves_lengths(Index batch, Index steps) {
  const Net net = made<Net>();
  const HalfSquaredError loss;
  const Eigen::MatrixXd X = numbers(net.inputs(), batch * steps, 1);
  const Eigen::MatrixXd Z = numbers(net.outputs(), batch * steps, 2);
  std::vector<Index> lengths;
  for (Index b = 0; b < batch; ++b) lengths.push_back(b * 2 % (steps + 1));
  Sequences<double> data(X, Z, steps);
  data.lengths = lengths.data();
  State<Net> before(net, batch), after(net, batch), same_after(net, batch);
  step(net, X.leftCols(batch), before);

  Workspace<Net> all(net, {batch, steps, Purpose::Tangent, true});
  const RunOptions<Net> options{.lengths = lengths, .initial = &before, .final = &after};
  const Eigen::MatrixXd Y = run(net, X, steps, all, options);
  Eigen::VectorXd g, same;
  const double E = gradient(net, loss, data, all, g, {.initial = &before});

  Workspace<Net> any(net, batch, steps, Purpose::Forward);
  for (int round = 0; round < 2; ++round) {
    fill_with_nan(any);
    CHECK(run(net, X, steps, any, {.lengths = lengths, .initial = &before, .final = &same_after}) ==
          Y);
    CHECK(same_after.values() == after.values());
    fill_with_nan(any);
    CHECK(gradient(net, loss, data, any, same, {.initial = &before, .final = &same_after}) == E);
    CHECK(same == g);
    CHECK(same_after.values() == after.values());
  }
}

}  // namespace

TEST_CASE("a workspace gives the same numbers for any purpose it was laid out for", "[network]") {
  for (const Index batch : {1, 2, 33}) {
    serves_all_purposes<Deep>(batch, 1);
    serves_all_purposes<Skips>(batch, 1);
    serves_all_purposes<Loops>(batch, 1);
    serves_all_purposes<Loops>(batch, 5);
    serves_all_purposes<Cells>(batch, 1);
    serves_all_purposes<Cells>(batch, 5);
    serves_lengths<Loops>(batch, 5);
    serves_lengths<Cells>(batch, 5);
  }
}

TEST_CASE("a pass forward through a chain takes the memory of its widest two layers", "[network]") {
  constexpr Index batch = 64;
  const Deep net;
  Workspace<Deep> forward(net, batch, 1, Purpose::Forward), gradient(net, batch, 1);
  const Index products = products_of(gradient);
  // Outputs of 20 and 30 units at a time, and the net input of Gelu where φ' needs it.
  CHECK(forward.plan().size - products <= (20 + 30 + 30) * batch);
  CHECK(gradient.plan().size - products >= 2 * (3 * (20 + 30) + 4) * batch);
}

TEST_CASE("nothing is reserved for the input unless its gradient is asked for", "[network]") {
  constexpr Index batch = 64;
  using Wide = Mlp<double, Input<2000>, Dense<3, Tanh>, Dense<2, Linear>>;
  const Wide net;
  Workspace<Wide> gradients(net, batch), with_input(net, batch, 1, Purpose::InputGradient);
  CHECK(gradients.plan().size - products_of(gradients) < 20 * batch);
  CHECK(with_input.plan().size >= gradients.plan().size + 2000 * batch);
  CHECK(with_input.plan().size < gradients.plan().size + 2 * 2000 * batch);
}

TEST_CASE("the net inputs of layers in time share their memory in a pass forward", "[network]") {
  constexpr Index steps = 100;
  using Stack = Rnn<double, Input<2>, Lstm<8>, Lstm<8>, Lstm<8>, Dense<1, Linear>>;
  const Stack net;
  Workspace<Stack> forward(net, 1, steps, Purpose::Forward), gradients(net, 1, steps);
  // Outputs and memories of three layers stay for the final state, four gates are there once.
  CHECK(gradients.plan().size > forward.plan().size + 2 * 4 * 8 * steps + 3 * 8 * steps);
}

TEST_CASE("a workspace for outputs takes its own outputs as inputs", "[network]") {
  using Square = Mlp<double, Input<6>, Dense<7, Tanh>, Dense<9, Tanh>, Dense<6, Linear>>;
  const Square net = made<Square>();
  const Eigen::MatrixXd X = numbers(6, 5, 1);
  Workspace<Square> workspace(net, 5, 1, Purpose::Forward);
  Eigen::MatrixXd x = X;
  run(net, X, workspace);
  for (int i = 0; i < 3; ++i) {
    const Eigen::MatrixXd y = net(x);
    CHECK(run(net, run(net, x, workspace), workspace) == net(y));
    x = y;
  }
}
