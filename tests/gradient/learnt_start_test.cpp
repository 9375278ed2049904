// SPDX-License-Identifier: MIT
// A state before the first step that is learnt.
#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "drawn_sequences.hpp"
#include "reference/reference.hpp"

using namespace backfold;

namespace {

template <class S, Index N = 4>
using StartElman = Rnn<S, Input<2>, Dense<N, Tanh, Recurrent<>, LearntStart>, Dense<2, Linear>>;
template <class S, Index N = 4>
using StartLstm = Rnn<S, Input<2>, Lstm<N, LearntStart>, Dense<2, Linear>>;
template <class S, Index N = 4>
using StartGru = Rnn<S, Input<2>, Gru<N, LearntStart>, Dense<2, Linear>>;
/// Delays of 1 and 3, a tap on a layer that runs for the whole sequence, and a recurrent output.
using StartDelays =
    Rnn<double, Input<2>, Dense<3, Sigmoid, LearntStart>, MinGru<4, Delayed<1, 2>, LearntStart>,
        Gru<3, Recurrent<3>, LearntStart>, Dense<2, Tanh, Delayed<4, 2>, LearntStart>>;

template <class Net>
void check_differences(Index steps, Index batch, const Index* lengths = nullptr) {
  DrawnSequences<Net> at(steps, batch);
  Sequences<double> data = at.data();
  data.lengths = lengths;
  Eigen::VectorXd g, w = at.net.parameters(), expected(w.size());
  gradient(at.net, HalfSquaredError{}, data, at.workspace, g);
  for (Index i = 0; i < w.size(); ++i) {
    auto loss_at = [&](double h) {
      at.net.parameters() = w;
      at.net.parameters()[i] += h;
      return loss_of(at.net, HalfSquaredError{}, data, at.workspace);
    };
    expected[i] = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
  }
  CHECK(difference(g, expected) < 1e-7);
}

}  // namespace

TEMPLATE_TEST_CASE("a learnt start is PyTorch's, expanded over the batch", "[reference]",
                   StartElman<double>, StartLstm<double>, StartGru<double>) {
  using Net = TestType;
  const std::string name = std::is_same_v<Net, StartLstm<double>>  ? "lstm"
                           : std::is_same_v<Net, StartGru<double>> ? "gru"
                                                                   : "elman";
  const Reference ref("sequences/learnt_start_" + name);
  DrawnSequences<Net> at(5, 3);
  REQUIRE(at.net.parameter_count() == ref["w"].size());
  at.net.parameters() = ref["w"];
  at.X = ref["X"];
  at.Z = ref["Z"];
  Eigen::VectorXd g;
  Eigen::MatrixXd dX;
  const double E = gradient_with_inputs(at.net, HalfSquaredError{}, at.data(), at.workspace, g, dX);
  CHECK(std::abs(E - ref.number("E")) <= 1e-12 * E);
  CHECK(difference(g, ref["g"]) <= 1e-12);
  CHECK(difference(dX, ref["dX"]) <= 1e-12);
  CHECK(difference(at.gradient(), ref["g"]) <= 1e-12);
  CHECK(difference(run(at.net, at.X, 5, at.workspace), ref["Y"]) <= 1e-12);
  Stepper stepper(at.net, 3);
  for (int round = 0; round < 2; ++round) {
    for (Index t = 0; t < 5; ++t) {
      const Eigen::MatrixXd y = stepper(at.X.middleCols(3 * t, 3));
      CHECK(difference(y, ref["Y"].middleCols(3 * t, 3)) <= 1e-12);
    }
    stepper.reset();
  }
}

TEMPLATE_TEST_CASE("the gradient of a learnt start is that of differences", "[gradient]",
                   StartElman<double>, StartLstm<double>, StartGru<double>, StartDelays,
                   (StartLstm<double, 1>)) {
  check_differences<TestType>(5, 3);
  check_differences<TestType>(1, 1);
  check_differences<TestType>(2, 2);
  const Index lengths[] = {5, 0, 2};
  check_differences<TestType>(5, 3, lengths);
}

TEMPLATE_TEST_CASE("a learnt start gathers its gradient from all samples, in both scalars",
                   "[gradient]", StartElman<float>, StartGru<double>, StartDelays) {
  using S = typename TestType::Scalar;
  DrawnSequences<TestType> all(4, 3);
  const Vector<S> expected = all.gradient();
  Vector<S> sum = S(0) * expected;
  for (Index b = 0; b < 3; ++b) {
    DrawnSequences<TestType> one(4, 1, all.net);
    one.net.parameters() = all.net.parameters();
    for (Index t = 0; t < 4; ++t) {
      one.X.col(t) = all.X.col(3 * t + b);
      one.Z.col(t) = all.Z.col(3 * t + b);
    }
    sum += one.gradient();
  }
  CHECK(difference(sum.template cast<double>(), expected.template cast<double>()) <
        (std::is_same_v<S, float> ? 1e-5 : 1e-13));
}

TEMPLATE_TEST_CASE("a given state takes the place of a learnt start", "[gradient]",
                   StartLstm<double>, StartDelays) {
  DrawnSequences<TestType> at(4, 3);
  State<TestType> state(at.net, 3), d_state(at.net, 3);
  // The state begins as the learnt one: outputs and all other gradients are equal.
  const Eigen::VectorXd learnt = at.gradient();
  const Eigen::VectorXd given = at.gradient({.initial = &state});
  double in_starts = 0;
  for (const Block& block : blocks(at.net)) {
    const Eigen::VectorXd of_learnt = learnt.segment(block.offset, block.size());
    const Eigen::VectorXd of_given = given.segment(block.offset, block.size());
    if (block.kind == Block::Kind::Start) {
      CHECK(of_given.isZero(0));
      in_starts += of_learnt.sum();
    } else {
      CHECK(of_given == of_learnt);
    }
  }
  // All sequences share each learnt number.
  Eigen::VectorXd g;
  Eigen::MatrixXd dX;
  gradient_with_inputs(at.net, HalfSquaredError{}, at.data(), at.workspace, g, dX,
                       {.initial = &state, .d_initial = &d_state});
  CHECK(std::abs(d_state.values().sum() - in_starts) < 1e-12 * (1 + std::abs(in_starts)));
  const Eigen::VectorXd before = state.values();
  (void)step(at.net, at.X.leftCols(3), state);
  CHECK(difference(state.values(), before) > 1e-3);
  state.reset(at.net);
  CHECK(state.values() == before);
}

TEST_CASE("a learnt start is shaped, named and set like any parameter", "[gradient]") {
  StartLstm<double> net;
  Random random(1);
  net.initialize(Glorot{}, random);
  CHECK(net.start<1>().isZero(0));
  CHECK(net.start<1>().rows() == 4);
  CHECK(net.start<1>().cols() == 2);
  net.start<1>().col(1).setConstant(0.25);
  const State state(net, 2);
  CHECK((state.memory<1>().array() == 0.25).all());
  CHECK(state.output<1>().isZero(0));
  const auto list = blocks(net);
  CHECK(list[3].kind == Block::Kind::Start);
  CHECK((list[3].rows == 4 && list[3].columns == 2));
  CHECK(list[3].offset + list[3].size() == list[4].offset);
  CHECK(list.back().offset + list.back().size() == net.parameter_count());
  using Sized = Rnn<double, Input<Dynamic>, Lstm<Dynamic, LearntStart>, Dense<Dynamic, Linear>>;
  DrawnSequences<StartLstm<double>> fixed(4, 3);
  DrawnSequences<Sized> sized(4, 3, Sized(fixed.net));
  CHECK(difference(sized.gradient(), fixed.gradient()) < 1e-13);
  CHECK(Sized(fixed.net).start<1>() == fixed.net.start<1>());
}

TEST_CASE("fit learns where sequences begin", "[training]") {
  // The first output is the start alone; the inputs are 0.
  using Net = Rnn<double, Input<1>, Dense<1, Linear, SelfRecurrent<>, NoBias, LearntStart>>;
  const Eigen::MatrixXd X = Eigen::MatrixXd::Zero(1, 4 * 6);
  Eigen::MatrixXd Z(1, 24);
  for (Index t = 0; t < 6; ++t) Z.middleCols(4 * t, 4).setConstant(std::pow(0.5, double(t)));
  for (const Index truncation : {0, 2}) {
    Net net;
    net.parameters().setConstant(0.3);
    fit(net, HalfSquaredError{}, Adam{.learning_rate = 0.02}, Sequences(X, Z, 6),
        {.epochs = 1500, .batch_size = 4, .truncation = truncation});
    CHECK(std::abs(net.weights<1, 1>()(0) - 0.5) < 1e-3);
    CHECK(std::abs(net.start<1>()(0) - 2) < 1e-2);
  }
}

TEST_CASE("a learnt start is trained in a closed loop", "[gradient]") {
  DrawnSequences<StartElman<double>> at(4, 2);
  const ClosedLoop loss(HalfSquaredError{}, {.rows = {{.input = 0, .output = 0}}, .warm_up = 1});
  Eigen::VectorXd g, w = at.net.parameters(), expected(w.size());
  gradient(at.net, loss, at.data(), at.workspace, g);
  for (Index i = 0; i < w.size(); ++i) {
    auto loss_at = [&](double h) {
      at.net.parameters() = w;
      at.net.parameters()[i] += h;
      return loss_of(at.net, loss, at.data(), at.workspace);
    };
    expected[i] = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
  }
  CHECK(difference(g, expected) < 1e-7);
}
