// SPDX-License-Identifier: MIT
#include <utility>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Cells = Rnn<float, Input<32>, Lstm<128>, Dense<32, Linear>>;
using Delays = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Delayed<2, 2>>, Gru<4>,
                   Dense<2, Linear, Delayed<0, 3>>>;
using Sized = Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>, Delayed<2, 2>>,
                  Gru<Dynamic>, Dense<Dynamic, Linear, Delayed<0, 3>>>;

template <class Net>
Net drawn(Net net) {
  Random random(3);
  net.initialize(Uniform{-1, 1}, random);
  return net;
}

}  // namespace

TEST_CASE("a state is as long as what is remembered", "[state]") {
  CHECK(State(Cells()).size() == 2 * 128);
  CHECK(State(Cells(), 3).values().size() == 3 * 2 * 128);
  // Three steps of the input, one of the first layer, two of the second.
  const Index remembered = 3 * 2 + 3 + 2 * 4;
  CHECK(State<Delays, 1>(Delays()).values().size() == remembered);
  CHECK(State(Sized(2, 3, 4, 2), 5).size() == 5 * remembered);
  CHECK(State(Rnn<double, Input<2>, Dense<1, Tanh>>()).size() == 0);
}

TEST_CASE("the views of a state lie in its one vector, layer by layer", "[state]") {
  State<Delays> state{Delays(), 2};
  state.values().setLinSpaced(0, static_cast<double>(state.size() - 1));
  CHECK(state.output<0>(3)(0, 0) == 0);
  CHECK(state.output<0>(2)(0, 0) == 4);
  CHECK(state.output<0>(1)(1, 1) == 11);
  CHECK(state.output<1>()(0, 0) == 12);
  CHECK(state.output<2>(2)(0, 1) == 18 + 4);
  CHECK(state.output<2>(1)(0, 0) == 26);
  CHECK(std::as_const(state).output<2>(1)(3, 1) == 33);
  State cells{Cells()};
  cells.values().tail(128).setOnes();
  CHECK(cells.memory<1>().isOnes());
  CHECK(cells.output<1>().isZero());
}

TEMPLATE_TEST_CASE("a state that is saved and set again continues the sequence", "[state]",
                   (State<Delays, 1>), (State<Delays>), (State<Sized>)) {
  using Net = std::conditional_t<std::is_same_v<TestType, State<Sized>>, Sized, Delays>;
  const Net net = [] {
    if constexpr (Net::fixed) {
      return drawn(Net());
    } else {
      return drawn(Net(2, 3, 4, 2));
    }
  }();
  const Eigen::MatrixXd X = numbers(2, 12, 1);
  Workspace workspace(net, 1, 12);
  const Eigen::MatrixXd Y = run(net, X, 12, workspace);
  TestType state(net);
  for (int t = 0; t < 5; ++t) step(net, X.col(t), state);
  const Eigen::VectorXd saved = state.values();
  const TestType copy = state;
  TestType assigned(net);
  step(net, X.col(0), assigned);
  assigned = copy;
  CHECK((copy.values() - assigned.values()).isZero(0));
  for (int t = 5; t < 12; ++t) {
    CHECK(step(net, X.col(t), state).isApprox(Y.col(t), 1e-13));
    CHECK(step(net, X.col(t), assigned).isApprox(Y.col(t), 1e-13));
  }
  CHECK(copy.values() == saved);
  state.values() = saved;
  CHECK(step(net, X.col(5), state).isApprox(Y.col(5), 1e-13));
}

TEST_CASE("a state takes no vector of another length", "[state]") {
  State state(Sized(2, 3, 4, 2));
  CHECK(said([&] { state.values() = Eigen::VectorXd::Zero(16); }) ==
        "view: it is 17 x 1, what is assigned 16 x 1");
}

TEMPLATE_TEST_CASE_SIG("a stepper's outputs are those of the whole sequence", "[state]",
                       ((Index batch), batch), 1, 4) {
  const Delays net = drawn(Delays());
  const Eigen::MatrixXd X = numbers(2, 7 * batch, 2);
  Workspace workspace(net, batch, 7);
  const Eigen::MatrixXd Y = run(net, X, 7, workspace);
  Stepper<Delays, batch> fixed(net);
  Stepper sized(net, batch);
  for (int round = 0; round < 2; ++round) {
    for (Index t = 0; t < 7; ++t) {
      const auto x = X.middleCols(t * batch, batch);
      CHECK(fixed(x).isApprox(Y.middleCols(t * batch, batch), 1e-13));
      CHECK(sized(x).isApprox(Y.middleCols(t * batch, batch), 1e-13));
    }
    CHECK(!fixed.state().values().isZero());
    CHECK(std::as_const(sized).state().values().isApprox(fixed.state().values(), 1e-13));
    fixed.reset();
    sized.reset();
  }
  CHECK(&fixed.network() == &net);
  CHECK(sized.batch() == batch);
  CHECK(said([&] { sized(X.leftCols(batch + 1)); }) == "input has " + std::to_string(batch + 1) +
                                                           " columns, the state a batch of " +
                                                           std::to_string(batch));
}
