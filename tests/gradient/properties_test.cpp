// SPDX-License-Identifier: MIT
#include <limits>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

using Net =
    Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Delayed<2, 2>>, Dense<2, Sigmoid, From<0>>>;
using Cells = Rnn<double, Input<2>, Lstm<3>, Gru<2>, Dense<2, Linear>>;
constexpr Index T = 5;
constexpr Index B = 3;

/// Sequence b of a time-major batch.
Eigen::MatrixXd alone(const Eigen::MatrixXd& X, Index b, Index batch, Index steps) {
  Eigen::MatrixXd result(X.rows(), steps);
  for (Index t = 0; t < steps; ++t) result.col(t) = X.col(t * batch + b);
  return result;
}

template <class N>
struct Evaluated {
  double E;
  Eigen::VectorXd g;
};

template <class N>
Evaluated<N> evaluate(const N& net, const Sequences<double>& data,
                      Reduction reduction = Reduction::Sum) {
  Workspace<N> workspace(net, data.batch(), data.steps);
  Evaluated<N> result;
  result.E = gradient(net, HalfSquaredError{}, data, workspace, result.g, reduction);
  return result;
}

}  // namespace

TEMPLATE_TEST_CASE("a batch of sequences is the sum of its sequences", "", Net, Cells) {
  const auto net = made<TestType>();
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(2, T * B, 2);
  const auto whole = evaluate(net, Sequences(X, Z, T));
  double E = 0;
  Eigen::VectorXd g = Eigen::VectorXd::Zero(net.parameter_count());
  for (Index b = 0; b < B; ++b) {
    const Eigen::MatrixXd x = alone(X, b, B, T), z = alone(Z, b, B, T);
    const auto one = evaluate(net, Sequences(x, z, T));
    E += one.E;
    g += one.g;
  }
  CHECK(whole.E == Approx(E).epsilon(1e-13));
  CHECK(difference(whole.g, g) < 1e-13);
}

TEMPLATE_TEST_CASE("padding changes nothing, NaN in it neither", "[nan]", Net, Cells) {
  const auto net = made<TestType>();
  Eigen::MatrixXd X = numbers(2, T * B, 3), Z = numbers(2, T * B, 4);
  const std::vector<Index> lengths = {5, 2, 3};
  for (Index t = 0; t < T; ++t) {
    for (Index b = 0; b < B; ++b) {
      if (t < lengths[std::size_t(b)]) continue;
      X.col(t * B + b).setConstant(std::numeric_limits<double>::quiet_NaN());
      Z.col(t * B + b).setConstant(std::numeric_limits<double>::quiet_NaN());
    }
  }
  Sequences<double> padded(X, Z, T);
  padded.lengths = lengths.data();
  const auto whole = evaluate(net, padded);
  const auto mean = evaluate(net, padded, Reduction::Mean);
  double E = 0;
  Eigen::VectorXd g = Eigen::VectorXd::Zero(net.parameter_count());
  for (Index b = 0; b < B; ++b) {
    const Index length = lengths[std::size_t(b)];
    const Eigen::MatrixXd x = alone(X, b, B, length), z = alone(Z, b, B, length);
    const auto one = evaluate(net, Sequences(x, z, length));
    E += one.E;
    g += one.g;
  }
  CHECK(whole.E == Approx(E).epsilon(1e-13));
  CHECK(difference(whole.g, g) < 1e-13);
  CHECK(mean.E == Approx(E / 10).epsilon(1e-13));  // ten steps have a target
  CHECK(difference(mean.g, g / 10) < 1e-13);
}

TEST_CASE("what a network that grows without bound does in the padding changes nothing", "[nan]") {
  using Growing =
      Rnn<double, Input<1>, Dense<2, Silu, Recurrent<>>, Dense<1, Silu>, Dense<1, Linear>>;
  Growing net;
  net.parameters().setConstant(0.4);
  net.weights<1, 1>() << 3, 2, 1, 3;  // beyond all numbers after some 500 steps,
  net.weights<2>() << 1, -1;          // and then a difference of infinities
  constexpr Index steps = 1000;
  const Eigen::MatrixXd X = numbers(1, 2 * steps, 1), Z = numbers(1, 2 * steps, 2);
  const std::vector<Index> lengths = {3, 2};
  Sequences<double> padded(X, Z, steps), shorter(X.leftCols(6), Z.leftCols(6), 3);
  padded.lengths = shorter.lengths = lengths.data();
  const auto with = evaluate(net, padded), without = evaluate(net, shorter);
  CHECK(with.E == Approx(without.E).epsilon(1e-13));
  CHECK(difference(with.g, without.g) < 1e-13);
}

TEST_CASE("a sequence of a sequence of a batch is itself") {
  const auto net = made<Net>();
  const Eigen::MatrixXd X = numbers(2, T * B, 8), Z = numbers(2, T * B, 9);
  const Eigen::VectorXd weights = numbers(T * B, 1, 3);
  const Sequences data(X, Z, weights, T);
  CHECK(evaluate(net, data[1][0]).g == evaluate(net, data[1]).g);
}

TEMPLATE_TEST_CASE("a sequence cut in two, the state carried over, has the same outputs", "", Net,
                   Cells) {
  const auto net = made<TestType>();
  const Eigen::MatrixXd X = numbers(2, T * B, 5);
  Workspace<TestType> workspace(net, B, T);
  const Eigen::MatrixXd whole = run(net, X, T, workspace);
  State<TestType> state(net, B), end(net, B);
  const Eigen::MatrixXd first = run(net, X.leftCols(2 * B), 2, workspace, &state, &end);
  const Eigen::MatrixXd second = run(net, X.rightCols(3 * B), 3, workspace, &end);
  CHECK(difference(whole.leftCols(2 * B), first) < 1e-15);
  CHECK(difference(whole.rightCols(3 * B), second) < 1e-15);
}

TEMPLATE_TEST_CASE("the final state is the one behind each sequence's own end", "", Net, Cells) {
  const auto net = made<TestType>();
  const Eigen::MatrixXd X = numbers(2, T * B, 5), Z = numbers(2, T * B, 6), next = numbers(2, B, 7);
  const std::vector<Index> lengths = {5, 1, 2};
  Sequences<double> data(X, Z, T);
  data.lengths = lengths.data();
  Workspace<TestType> workspace(net, B, T);
  State<TestType> end(net, B);
  loss_of(net, HalfSquaredError{}, data, workspace, {.final = &end});
  const Eigen::MatrixXd y = step(net, next, end);
  for (Index b = 0; b < B; ++b) {
    State<TestType> one(net, 1);
    for (Index t = 0; t < lengths[std::size_t(b)]; ++t) step(net, X.col(t * B + b), one);
    CHECK(difference(y.col(b), step(net, next.col(b), one)) < 1e-14);
  }
}

TEST_CASE("a sequence of length 1 equals the perceptron without the delayed weights") {
  auto net = made<Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>>();
  Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear>> mlp;
  mlp.weights<1>() = net.weights<1, 0>();
  mlp.bias<1>() = net.bias<1>();
  mlp.weights<2>() = net.weights<2>();
  mlp.bias<2>() = net.bias<2>();
  const Eigen::MatrixXd X = numbers(2, 4, 6), Z = numbers(2, 4, 7);
  const auto recurrent = evaluate(net, Sequences(X, Z, 1));
  const auto plain = evaluate(mlp, Samples(X, Z));
  CHECK(recurrent.E == plain.E);
  CHECK(recurrent.g.head(6) == plain.g.head(6));
  CHECK(recurrent.g.segment(6, 9).isZero());
  CHECK(recurrent.g.tail(11) == plain.g.tail(11));
}

TEST_CASE("the error path and the gradient path give the same error") {
  const auto net = made<Net>();
  const Eigen::MatrixXd X = numbers(2, T * B, 8), Z = numbers(2, T * B, 9);
  Workspace<Net> workspace(net, B, T);
  const Sequences data(X, Z, T);
  CHECK(loss_of(net, HalfSquaredError{}, data, workspace) == evaluate(net, data).E);
}

TEST_CASE("weights of samples scale their part of the gradient, a weight of 0 leaves one out") {
  const auto net = made<Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear>>>();
  const Eigen::MatrixXd X = numbers(2, 3, 1), Z = numbers(2, 3, 2);
  const Eigen::VectorXd weights = Eigen::Vector3d(2, 0, 0.5);
  const auto weighed = evaluate(net, Samples(X, Z, weights));
  const auto mean = evaluate(net, Samples(X, Z, weights), Reduction::Mean);
  Eigen::VectorXd g = Eigen::VectorXd::Zero(net.parameter_count());
  double E = 0;
  for (Index s = 0; s < 3; ++s) {
    const Eigen::MatrixXd x = X.col(s), z = Z.col(s);
    const auto one = evaluate(net, Samples(x, z));
    E += weights[s] * one.E;
    g += weights[s] * one.g;
  }
  CHECK(weighed.E == Approx(E).epsilon(1e-14));
  CHECK(difference(weighed.g, g) < 1e-14);
  CHECK(mean.E == Approx(E / 2).epsilon(1e-14));  // two of them count
}

TEST_CASE("a workspace of a fixed batch gives the gradient of one of any batch") {
  const auto net = made<Mlp<double, Input<2>, Dense<3, Softmax>, Dense<2, Tanh, From<0>>>>();
  using N = std::remove_const_t<decltype(net)>;
  const Eigen::MatrixXd X = numbers(2, 7, 1), Z = numbers(2, 7, 2);
  const auto expected = evaluate(net, Samples(X, Z));
  Workspace<N, 7> seven(net);
  Workspace<N, 1> one(net);
  Eigen::VectorXd g, sum = Eigen::VectorXd::Zero(net.parameter_count());
  CHECK(gradient(net, HalfSquaredError{}, Samples(X, Z), seven, g) ==
        Approx(expected.E).epsilon(1e-14));
  CHECK(difference(g, expected.g) < 1e-14);
  for (Index s = 0; s < 7; ++s) {
    gradient(net, HalfSquaredError{}, Samples(X.col(s), Z.col(s)), one, g);
    sum += g;
  }
  CHECK(difference(sum, expected.g) < 1e-14);
  CHECK_THROWS_WITH(gradient(net, HalfSquaredError{}, Samples(X, Z), one, g),
                    "workspace: its type is for a batch of 1 and one step, got 7 and 1");
}

TEST_CASE("windows of the whole length equal the sequence, each window equals its copy") {
  const auto net = made<Net>();
  const Eigen::MatrixXd X = numbers(2, 12, 1), Z = numbers(2, 12, 2);
  const Windows whole(X, Z, {.length = 12});
  REQUIRE(whole.count() == 1);
  const auto by_window = evaluate(net, whole[0]);
  const auto by_sequence = evaluate(net, Sequences(X, Z, 12));
  CHECK(by_window.E == by_sequence.E);
  CHECK(by_window.g == by_sequence.g);

  const Windows windows(X, Z, {.length = 5, .stride = 2, .horizon = 1, .warm_up = 2});
  REQUIRE(windows.count() == 4);  // they begin at 0, 2, 4, 6 and reach 6 steps
  for (Index i = 0; i < windows.count(); ++i) {
    CHECK(windows[i].inputs.data() == &X(0, 2 * i));  // nothing is copied
    const Eigen::MatrixXd x = X.middleCols(2 * i, 5), z = Z.middleCols(2 * i + 1, 5);
    Eigen::VectorXd weights(5);
    weights << 0, 0, 1, 1, 1;
    const auto window = evaluate(net, windows[i]);
    const auto copy = evaluate(net, Sequences(x, z, weights, 5));
    CHECK(window.E == copy.E);
    CHECK(window.g == copy.g);
  }
}

TEST_CASE("windows with one target look at it alone, horizon steps behind their last input") {
  Eigen::MatrixXd Z = Eigen::MatrixXd::Constant(1, 20, std::numeric_limits<double>::infinity());
  Eigen::MatrixXd X = numbers(1, 20, 1);
  X(0, 5) = Z(0, 0);  // between two windows
  Z(0, 7) = 7;
  Z(0, 14) = 14;
  const Windows windows(
      X, Z, {.length = 5, .stride = 7, .horizon = 3, .targets_at = TargetsAt::LastStep});
  REQUIRE(windows.count() == 2);
  CHECK(windows[0].targets(0, 0) == 7);
  CHECK(windows[1].targets(0, 0) == 14);
  CHECK_NOTHROW(windows.check_finite());
  X(0, 11) = Z(0, 0);
  CHECK_THROWS_WITH(windows.check_finite(),
                    "data: inputs hold a number that is not finite at row 0, column 11");
}

TEST_CASE("a split of windows keeps past and future apart") {
  const Eigen::MatrixXd X = numbers(1, 100, 1);
  const Windows windows(X, X, {.length = 10, .stride = 3, .horizon = 5});
  const auto [training, validation] = windows.split(0.7);
  CHECK(training.start(training.count() - 1) + 10 + 5 <= 70);
  CHECK(validation.start(0) == 70);
  CHECK(validation.start(validation.count() - 1) + 15 <= 100);
}

TEST_CASE("float networks have the gradient of double networks, to rounding") {
  const auto net = made<Net>();
  const Rnn<float, Input<2>, Dense<3, Tanh, Recurrent<>, Delayed<2, 2>>, Dense<2, Sigmoid, From<0>>>
      rounded(net);
  const Eigen::MatrixXd X = numbers(2, T * B, 8), Z = numbers(2, T * B, 9);
  const Eigen::MatrixXf Xf = X.cast<float>(), Zf = Z.cast<float>();
  Workspace workspace(rounded, B, T);
  Eigen::VectorXf g;
  gradient(rounded, HalfSquaredError{}, Sequences(Xf, Zf, T), workspace, g);
  CHECK(difference(g.cast<double>(), evaluate(net, Sequences(X, Z, T)).g) < 1e-5);
}

TEST_CASE("ten thousand steps stay within the workspace's formula, and are differentiated") {
  using Long = Elman<float, 1, 8, 1>;
  Long net;
  Random random(1);
  net.initialize(Uniform{-0.3, 0.3}, random);
  constexpr Index steps = 10000;
  const Eigen::MatrixXf X = numbers(1, steps, 1).cast<float>();
  Workspace workspace(net, 1, steps);
  Eigen::VectorXf g;
  const double E = gradient(net, HalfSquaredError{}, Sequences(X, X, steps), workspace, g);
  CHECK(is_finite(E));
  CHECK(all_finite(g.data(), g.size()));
  // What docs/sequences.md says: 2 (history + steps) + gates·steps blocks of each layer, a number a
  // step, one block and the room of products; here pieces begin at cache lines.
  const Index formula = 2 * steps + (2 * (1 + steps) + steps) * 8 + 3 * steps + steps + 8;
  CHECK(workspace.plan().size <= formula + detail::product_scratch<float>(8, 8, steps) + 11 * 16);
}

TEST_CASE("a network that runs free hears its own outputs") {
  const auto net = made<Elman<double, 2, 3, 2>>();
  const Eigen::MatrixXd x = numbers(2, 3, 4);
  State<Elman<double, 2, 3, 2>> state(net, 3), by_hand(net, 3);
  Eigen::MatrixXd outputs(2, 4 * 3);
  free_run(net, x, state, outputs);
  Eigen::MatrixXd y = x;
  for (Index t = 0; t < 4; ++t) {
    y = step(net, y, by_hand).eval();
    CHECK(outputs.middleCols(3 * t, 3) == y);
  }
  using Skip = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Tanh, From<0>>>;
  const auto skip = made<Skip>();
  State<Skip> by_view(skip, 3), by_copy(skip, 3);
  const auto seen = step(skip, x, by_view);  // a view of the state, and so of what comes next
  const Eigen::MatrixXd copy = step(skip, x, by_copy);
  CHECK(step(skip, seen, by_view) == step(skip, copy, by_copy));
  Eigen::MatrixXd wrong(1, 4);
  CHECK_THROWS_WITH(
      free_run(net, x, state, wrong),
      "free_run: expected 2 rows and a multiple of 3 columns for the outputs, got 1 x 4");
}

TEST_CASE("a check of gradients that are not numbers does not pass") {
  Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Linear>> net;
  net.parameters()[0] = std::numeric_limits<double>::quiet_NaN();
  const Eigen::MatrixXd X = Eigen::MatrixXd::Ones(2, 1), Z = Eigen::MatrixXd::Ones(1, 1);
  const auto result = check_gradient(net, HalfSquaredError{}, Samples(X, Z));
  CHECK(!(result.largest_difference < 1));
  CHECK(result.parameter == 0);
}
