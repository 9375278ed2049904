// SPDX-License-Identifier: MIT
#include "backfold/gradient/closed_loop.hpp"

#include <cmath>

#include "backfold/activation/linear.hpp"
#include "backfold/activation/sigmoid.hpp"
#include "backfold/activation/softmax.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/gradient/check_gradient.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/layer/gru.hpp"
#include "backfold/layer/initializer.hpp"
#include "backfold/layer/lstm.hpp"
#include "backfold/loss/categorical_cross_entropy.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/network/free_run.hpp"
#include "catch.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using M = Matrix<double>;

template <class Net>
Net drawn(Net net, std::uint64_t seed = 3) {
  Random random(seed);
  net.initialize(Uniform{-0.8, 0.8}, random);
  return net;
}

M numbers(Index rows, Index cols, std::uint64_t seed) {
  Random random(seed);
  M m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) m(i) = uniform(random, -1, 1);
  return m;
}

/// Outputs 0 and 1 go to inputs 1 and 2; input 0 is given.
const FeedbackOptions two_of_three{.rows = {{.input = 1, .output = 0, .count = 2}}};

template <class Net, class L>
void holds(const Net& net, const L& loss, Index batch, Index steps) {
  const M X = numbers(3, batch * steps, 5), Z = numbers(2, batch * steps, 6).cwiseAbs();
  const Sequences data(X, Z, steps);
  CHECK(check_gradient(net, loss, data).largest_difference < 1e-7);
}

template <class... Layers>
void holds_in_loop() {
  auto options = two_of_three;
  for (const double ratio : {0.0, 0.5}) {
    options.teacher_ratio = ratio;
    const ClosedLoop loss(HalfSquaredError{}, options);
    const auto net = drawn(Network<double, Input<3>, Layers...>());
    holds(net, loss, 1, 1);
    holds(net, loss, 1, 5);
    holds(net, loss, 4, 5);
  }
}

using Out = Dense<2, Sigmoid>;

}  // namespace

TEST_CASE("the gradient of a closed loop holds against differences", "[gradient]") {
  holds_in_loop<Dense<4, Tanh>, Out>();
  holds_in_loop<Dense<4, Tanh, Recurrent<>>, Out>();
  holds_in_loop<Lstm<3>, Gru<2>>();
  holds_in_loop<Dense<4, Tanh, Delayed<2>, Delayed<0, 2>>, Dense<2, Linear, From<0>>>();
  const auto sized =
      drawn(Network<double, Input<Dynamic>, Gru<Dynamic>, Dense<Dynamic, Linear>>(3, 4, 2));
  holds(sized, ClosedLoop(HalfSquaredError{}, two_of_three), 3, 6);
  const auto classes = drawn(Network<double, Input<3>, Lstm<3>, Dense<2, Softmax>>());
  holds(classes, ClosedLoop(CategoricalCrossEntropy{}, two_of_three), 3, 6);
}

TEST_CASE("a closed loop is the free run of its network", "[gradient]") {
  const auto net = drawn(Network<double, Input<2>, Lstm<4>, Dense<2, Linear>>());
  constexpr Index batch = 3, steps = 7;
  const M X = numbers(2, batch * steps, 1), Z = numbers(2, batch * steps, 2);
  State state(net, batch);
  M Y(2, batch * steps);
  free_run(net, X.leftCols(batch), state, Y);
  Workspace workspace(net, batch, steps);
  const double e = loss_of(net, ClosedLoop(HalfSquaredError{}), Sequences(X, Z, steps), workspace);
  CHECK(e == Approx(0.5 * (Y - Z).squaredNorm()).epsilon(1e-13));
}

TEST_CASE("a closed loop is the free run with inputs from outside", "[gradient]") {
  const auto net = drawn(Network<double, Input<3>, Gru<4>, Dense<2, Linear>>());
  constexpr Index batch = 3, steps = 7;
  const M X = numbers(3, batch * steps, 1), Z = numbers(2, batch * steps, 2);
  auto options = two_of_three;
  options.warm_up = 3;
  State state(net, batch);
  M Y(2, batch * steps);
  free_run(net, X, state, Y, options);
  Workspace workspace(net, batch, steps);
  const double e =
      loss_of(net, ClosedLoop(HalfSquaredError{}, options), Sequences(X, Z, steps), workspace);
  CHECK(e == Approx(0.5 * (Y - Z).squaredNorm()).epsilon(1e-13));
  M narrow(1, batch * steps);
  CHECK(said([&] { free_run(net, X, state, narrow, options); }) ==
        "free_run: expected 2 x 21 for the outputs, got 1 x 21");
}

TEST_CASE("a closed loop is a network with a connection from its outputs", "[gradient]") {
  // Jordan's network: y^(t−1) reaches the hidden layer by the weights of the inputs that it is fed
  // to. Those are 0 in the first step of both.
  using Loop = Network<double, Input<3>, Dense<4, Tanh>, Dense<2, Linear>>;
  using Jordan = Network<double, Input<1>, Dense<4, Tanh, Delayed<2>>, Dense<2, Linear>>;
  const Loop loop = drawn(Loop());
  Jordan jordan;
  jordan.weights<1, 0>() = loop.weights<1>().leftCols(1);
  jordan.weights<1, 1>() = loop.weights<1>().rightCols(2);
  jordan.bias<1>() = loop.bias<1>();
  jordan.weights<2>() = loop.weights<2>();
  jordan.bias<2>() = loop.bias<2>();
  constexpr Index batch = 2, steps = 6;
  M X = numbers(3, batch * steps, 1);
  const M Z = numbers(2, batch * steps, 2);
  X.leftCols(batch).bottomRows(2).setZero();
  const M given = X.topRows(1);
  Eigen::VectorXd by_loop, by_connection;
  Workspace workspace(loop, batch, steps);
  Workspace of_jordan(jordan, batch, steps);
  const double e = gradient(loop, ClosedLoop(HalfSquaredError{}, two_of_three),
                            Sequences(X, Z, steps), workspace, by_loop);
  const double expected =
      gradient(jordan, HalfSquaredError{}, Sequences(given, Z, steps), of_jordan, by_connection);
  CHECK(e == Approx(expected).epsilon(1e-13));
  // Both have the input's weights first, then those that y^(t−1) goes through, then the rest.
  CHECK((by_loop - by_connection).norm() < 1e-12 * by_loop.norm());
}

TEST_CASE("networks without delays take all steps of sequences", "[gradient]") {
  const auto net = drawn(Network<double, Input<3>, Dense<4, Tanh>, Dense<2, Linear>>());
  const M X = numbers(3, 12, 1), Z = numbers(2, 12, 2);
  Workspace workspace(net, 2, 6);
  Eigen::VectorXd of_sequences, of_samples;
  const double e = gradient(net, HalfSquaredError{}, Sequences(X, Z, 6), workspace, of_sequences);
  CHECK(e == gradient(net, HalfSquaredError{}, Samples(X, Z), workspace, of_samples));
  CHECK(of_sequences == of_samples);
}

TEST_CASE("a teacher ratio of 1 is teacher forcing", "[gradient]") {
  const auto net = drawn(Network<double, Input<3>, Gru<4>, Dense<2, Linear>>());
  const M X = numbers(3, 12, 1), Z = numbers(2, 12, 2);
  const Sequences data(X, Z, 4);
  Workspace workspace(net, 3, 4);
  Eigen::VectorXd forced, ordinary;
  auto options = two_of_three;
  options.teacher_ratio = 1;
  const double e = gradient(net, ClosedLoop(HalfSquaredError{}, options), data, workspace, forced);
  CHECK(e == Approx(gradient(net, HalfSquaredError{}, data, workspace, ordinary)).epsilon(1e-14));
  CHECK((forced - ordinary).norm() < 1e-13 * ordinary.norm());
  // So is a warm-up over all steps.
  options = two_of_three;
  options.warm_up = 4;
  gradient(net, ClosedLoop(HalfSquaredError{}, options), data, workspace, forced);
  CHECK((forced - ordinary).norm() < 1e-13 * ordinary.norm());
}

TEST_CASE("draws of the teacher are a function of noise, step and sequence", "[gradient]") {
  const auto net = drawn(Network<double, Input<3>, Gru<4>, Dense<2, Linear>>());
  constexpr Index batch = 4, steps = 9;
  const M X = numbers(3, batch * steps, 1), Z = numbers(2, batch * steps, 2);
  const Sequences data(X, Z, steps);
  auto options = two_of_three;
  options.teacher_ratio = 0.5;
  const ClosedLoop loss(HalfSquaredError{}, options);
  Workspace workspace(net, batch, steps);
  const double e = loss_of(net, loss, data, workspace, {.noise = {.seed = 7}});
  CHECK(loss_of(net, loss, data, workspace, {.noise = {.seed = 7}}) == e);
  CHECK(loss_of(net, loss, data, workspace, {.noise = {.seed = 8}}) != e);
  CHECK(loss_of(net, loss, data, workspace, {.noise = {.seed = 7, .update = 1}}) != e);
  double sum = 0;
  for (Index b = 0; b < batch; ++b) {
    sum += loss_of(net, loss, data[b], workspace, {.noise = {.seed = 7, .first_sample = b}});
  }
  CHECK(sum == Approx(e).epsilon(1e-13));
}

TEST_CASE("padding changes nothing in a closed loop", "[gradient]") {
  const auto net = drawn(Network<double, Input<3>, Lstm<4>, Dense<2, Linear>>());
  const M X = numbers(3, 12, 1), Z = numbers(2, 12, 2);
  const ClosedLoop loss(HalfSquaredError{}, two_of_three);
  Workspace workspace(net, 2, 6);
  const Index lengths[] = {6, 4};
  Sequences both(X, Z, 6);
  both.lengths = lengths;
  Eigen::VectorXd g, sum = Eigen::VectorXd::Zero(net.parameter_count()), of_batch;
  const double e = gradient(net, loss, both, workspace, of_batch);
  double expected = 0;
  for (Index b = 0; b < 2; ++b) {
    M x(3, lengths[b]), z(2, lengths[b]);
    for (Index t = 0; t < lengths[b]; ++t) {
      x.col(t) = X.col(2 * t + b);
      z.col(t) = Z.col(2 * t + b);
    }
    expected += gradient(net, loss, Sequences(x, z, lengths[b]), workspace, g);
    sum += g;
  }
  CHECK(e == Approx(expected).epsilon(1e-13));
  CHECK((of_batch - sum).norm() < 1e-12 * sum.norm());
}

TEST_CASE("E feels nothing of given inputs that outputs replace", "[gradient]") {
  const auto net = drawn(Network<double, Input<3>, Dense<4, Tanh, Recurrent<>>, Out>());
  M X = numbers(3, 8, 1);
  const M Z = numbers(2, 8, 2);
  const ClosedLoop loss(HalfSquaredError{}, two_of_three);
  Workspace workspace(net, 2, 4);
  Eigen::VectorXd g;
  M d;
  gradient_with_inputs(net, loss, Sequences(X, Z, 4), workspace, g, d);
  for (Index i = 0; i < X.size(); ++i) {
    const double x = X(i);
    X(i) = x + 1e-5;
    const double above = loss_of(net, loss, Sequences(X, Z, 4), workspace);
    X(i) = x - 1e-5;
    const double below = loss_of(net, loss, Sequences(X, Z, 4), workspace);
    X(i) = x;
    CHECK(std::abs(d(i) - (above - below) / 2e-5) < 1e-8);
  }
}

TEST_CASE("a closed loop refuses rows that are not there", "[gradient]") {
  const auto net = drawn(Network<double, Input<1>, Dense<2, Tanh, Recurrent<>>>());
  const M X = numbers(1, 4, 1), Z = numbers(2, 4, 2);
  Workspace workspace(net, 1, 4);
  auto with = [&](const FeedbackOptions& options) {
    return said([&] {
      loss_of(net, ClosedLoop(HalfSquaredError{}, options), Sequences(X, Z, 4), workspace);
    });
  };
  CHECK(with({}) == "feedback: 2 outputs are no inputs of a network with 1");
  CHECK(with({.rows = {{.input = 1}}}) ==
        "feedback: expected rows of 1 inputs, got 1 from row 1 on");
  CHECK(with({.rows = {{.output = 2}}}) ==
        "feedback: expected rows of 2 outputs, got 1 from row 2 on");
  CHECK(with({.rows = {{.output = 0}, {.output = 1}}}) ==
        "feedback: two outputs are fed to input 0");
  CHECK(with({.rows = {{}}, .teacher_ratio = 1.5}) ==
        "feedback: teacher_ratio must lie between 0 and 1, got 1.5");
  CHECK(with({.rows = {{}}, .warm_up = 0}) == "feedback: warm_up must be >= 1, got 0");
}
