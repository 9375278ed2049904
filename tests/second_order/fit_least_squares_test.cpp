// SPDX-License-Identifier: MIT
#include "backfold/second_order/fit_least_squares.hpp"

#include <Eigen/Cholesky>
#include <limits>

#include "backfold/gradient/gradient.hpp"
#include "backfold/network/elman.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

#include "backfold/activation/linear.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/layer/input.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

using Line = Mlp<double, Input<3>, Dense<2, Linear>>;
using Sine = Mlp<double, Input<1>, Dense<5, Tanh>, Dense<1, Linear>>;
using Small = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>;
using Parity = Mlp<double, Input<3>, Dense<10, Tanh>, Dense<10, Tanh>, Dense<1, Tanh>>;
using Echo = Rnn<double, Input<1>, Dense<3, Tanh, Recurrent<>>, Dense<1, Linear, Recurrent<2>>>;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <class Net>
double half_squared_error(const Net& net, const Sequences<double>& data) {
  Workspace workspace(net, data.batch(), data.steps);
  return loss_of(net, HalfSquaredError{}, data, workspace);
}

}  // namespace

TEST_CASE("a linear network ends at the solution of the normal equations") {
  const MatrixXd X = numbers(3, 30, 1), Z = numbers(2, 30, 2);
  auto net = made<Line>();
  const auto result = fit_least_squares(net, Samples(X, Z));
  MatrixXd ones(4, 30);
  ones << X, MatrixXd::Ones(1, 30);
  const MatrixXd W = (ones * ones.transpose()).llt().solve(ones * Z.transpose()).transpose();
  CHECK(result.converged());
  CHECK(difference(net.weights<1>(), W.leftCols(3)) < 1e-8);
  CHECK(difference(net.bias<1>(), W.col(3)) < 1e-8);
  CHECK(result.sum_of_squares == Approx(2 * half_squared_error(net, Samples(X, Z))).epsilon(1e-13));
}

TEST_CASE("a learnt start is fitted with the weights") {
  using Start = Rnn<double, Input<1>, Dense<2, Tanh, Recurrent<>, LearntStart>, Dense<1, Linear>>;
  Start teacher;
  Random random(2);
  teacher.initialize(Uniform{-0.8, 0.8}, random);
  teacher.start<1>() << 0.7, -0.4;
  const MatrixXd X = numbers(1, 60, 3);
  Workspace workspace(teacher, 10, 6);
  const MatrixXd Z = run(teacher, X, 6, workspace);
  const Sequences<double> data(X, Z, 6);
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    Start net = teacher;
    for (double& w : net.parameters()) w += uniform(random, -0.1, 0.1);
    const auto result = fit_least_squares(net, data, {.iterations = 100}, mode);
    CHECK(result.sum_of_squares < 1e-20);
    CHECK(half_squared_error(net, data) < 1e-20);
    CHECK(difference(net.start<1>(), teacher.start<1>()) < 1e-6);
  }
}

TEST_CASE("a teacher's function is found to 1e-10 in under 50 steps") {
  const MatrixXd X = 2 * numbers(2, 40, 3);
  const MatrixXd Z = made<Small>()(X);
  Small net;
  Random random(5);
  net.initialize(Uniform{-0.5, 0.5}, random);
  const auto result = fit_least_squares(net, Samples(X, Z), {.iterations = 50});
  CHECK(result.sum_of_squares < 1e-10);
  CHECK(result.iterations < 50);
}

TEST_CASE("SIN 1-5-1 and PARITY 3-10-10-1 reach their goals") {
  const Eigen::RowVectorXd x = Eigen::RowVectorXd::LinSpaced(41, -1, 1);
  const Eigen::RowVectorXd z = (3.141592653589793 * x.array()).sin();
  Sine sine;
  Random random(1);
  sine.initialize(Uniform{-0.5, 0.5}, random);
  CHECK(fit_least_squares(sine, Samples(x, z), {.iterations = 50}).sum_of_squares / 41 < 0.002);

  MatrixXd X(3, 8);
  Eigen::RowVectorXd parity(8);
  for (int s = 0; s < 8; ++s) {
    for (int i = 0; i < 3; ++i) X(i, s) = s >> i & 1 ? 1 : -1;
    parity[s] = X.col(s).prod();
  }
  Parity net;
  net.initialize(Uniform{-0.5, 0.5}, random);
  CHECK(fit_least_squares(net, Samples(X, parity), {.iterations = 50}).sum_of_squares / 8 < 0.001);
}

TEST_CASE("a recurrent network is learnt by forward mode and by backpropagation alike") {
  const MatrixXd X = numbers(1, 4 * 12, 6);
  auto teacher = made<Echo>();
  teacher.parameters() *= 2;
  Workspace workspace(teacher, 4, 12);
  const MatrixXd Z = run(teacher, X, 12, workspace);
  Echo forward, reverse;
  Random random(2);
  forward.initialize(Uniform{-0.5, 0.5}, random);
  reverse.parameters() = forward.parameters();
  const Sequences data(X, Z, 12);
  (void)fit_least_squares(forward, data, {.iterations = 5}, JacobianMode::Forward);
  (void)fit_least_squares(reverse, data, {.iterations = 5}, JacobianMode::Reverse);
  CHECK(difference(forward.parameters(), reverse.parameters()) < 1e-10);
  CHECK(fit_least_squares(forward, data, {.iterations = 100}).sum_of_squares < 1e-10);
}

TEST_CASE("padding, weights and missing targets are as if their numbers were not there") {
  MatrixXd X = numbers(1, 3 * 5, 7), Z = numbers(1, 3 * 5, 8);
  const std::vector<Index> lengths{5, 2, 4};
  const std::vector<double> ones(15, 1);
  Sequences data(X, Z, 5);
  data.lengths = lengths.data();
  auto clean = made<Echo>(), padded = made<Echo>(), masked = made<Echo>();
  const auto options = LeastSquaresOptions{.iterations = 4};
  (void)fit_least_squares(clean, data, options);
  for (Index c = 0; c < 15; ++c) {
    if (c / 3 >= lengths[static_cast<std::size_t>(c % 3)]) X(0, c) = Z(0, c) = not_a_number;
  }
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    padded = made<Echo>();
    const auto result = fit_least_squares(padded, data, options, mode);
    CHECK(difference(padded.parameters(), clean.parameters()) < 1e-11);
    CHECK(result.sum_of_squares == Approx(2 * half_squared_error(padded, data)).epsilon(1e-12));
  }
  for (double& v : X.reshaped()) v = std::isnan(v) ? 0 : v;
  Sequences missing(X, Z, 5);
  missing.missing = Missing::NaN;
  (void)fit_least_squares(masked, missing, options);
  CHECK(difference(masked.parameters(), clean.parameters()) < 1e-11);
}

TEST_CASE("targets at the last step, and a weight, count as in the loss") {
  const MatrixXd X = numbers(1, 3 * 5, 9), Z = numbers(1, 3, 10);
  const std::vector<Index> lengths{5, 2, 4};
  const std::vector<double> weights{2, 0, 0.5};
  Sequences data(X, Z, weights, 5);
  data.targets_at = TargetsAt::LastStep;
  data.lengths = lengths.data();
  auto net = made<Echo>();
  const double before = half_squared_error(net, data);
  const auto result = fit_least_squares(net, data, {.iterations = 2});
  CHECK(result.sum_of_squares == Approx(2 * half_squared_error(net, data)).epsilon(1e-12));
  CHECK(half_squared_error(net, data) < before);
}

TEST_CASE("float and Dynamic sizes learn too") {
  using Net = Mlp<float, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
  Net net(1, 4, 1);
  Random random(3);
  net.initialize(Uniform{-0.5, 0.5}, random);
  const Eigen::RowVectorXf x = Eigen::RowVectorXf::LinSpaced(21, -1, 1);
  const Eigen::RowVectorXf z = x.array().square();
  CHECK(fit_least_squares(net, Samples(x, z), {.iterations = 60}).sum_of_squares < 1e-3);
}

TEST_CASE("fit_least_squares refuses data that do not fit, and leaves the network as it was") {
  auto net = made<Line>();
  const VectorXd before = net.parameters();
  MatrixXd X = numbers(3, 4, 1), Z = numbers(2, 4, 2);
  const std::vector<double> none(4, 0);
  CHECK(said([&] { fit_least_squares(net, Samples(X, Z, none)); }) ==
        "fit_least_squares: no sample has a target");
  CHECK(said([&] { fit_least_squares(net, Samples(X, Z), {.iterations = 0}); }) ==
        "least_squares: iterations must be >= 1, got 0");
  auto echo = made<Echo>();
  const MatrixXd x = numbers(1, 4, 1), states = numbers(3 + 2, 2, 3);
  Sequences begun(x, x, 2);
  begun.initial_states = states;
  CHECK(said([&] { fit_least_squares(echo, begun); }) ==
        "fit_least_squares: expected data without initial_states");
  X(1, 2) = not_a_number;
  CHECK(said([&] { fit_least_squares(net, Samples(X, Z)); }).find("inputs") != std::string::npos);
  CHECK(net.parameters() == before);
}
