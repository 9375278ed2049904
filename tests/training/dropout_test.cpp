// SPDX-License-Identifier: MIT
// Dropout in passes and in training.
#include <cmath>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

using Masked = Mlp<double, Input<400>, Dropout<400>, Dense<1, Linear>>;

/// The outputs of a layer of Dropout in training, for inputs of 1.
Eigen::MatrixXd masked_ones(double rate, const Noise& noise, Index samples) {
  using Net = Mlp<double, Input<Dynamic>, Dropout<Dynamic>>;
  Net net(Input<Dynamic>(400), Dropout<Dynamic>(400, rate));
  const Eigen::MatrixXd X = Eigen::MatrixXd::Ones(400, samples), Z = 0 * X;
  Workspace<Net> workspace(net, samples);
  // E = ½Σy², so that y is ∂E/∂y; with one weightless layer ∂E/∂x = m·y.
  loss_of(net, HalfSquaredError{}, Samples(X, Z), workspace,
          {.mode = Mode::Training, .noise = noise});
  const double* const y = workspace.at(workspace.plan().layers[1].output);
  return Eigen::Map<const Eigen::MatrixXd>(y, 400, samples);
}

}  // namespace

TEST_CASE("dropout keeps the mean and has the variance of theory", "[training]") {
  for (const double rate : {0.1, 0.5, 0.9}) {
    const Eigen::MatrixXd y = masked_ones(rate, {}, 500);
    const double n = static_cast<double>(y.size());
    const double variance = rate / (1 - rate);
    CHECK(std::abs(y.mean() - 1) < 5 * std::sqrt(variance / n));
    const double found = (y.array() - 1).square().mean();
    // The variance of (m − 1)²: its fourth moment is rate + (1−rate)(1/(1−rate) − 1)^4.
    const double fourth = rate + (1 - rate) * std::pow(rate / (1 - rate), 4);
    CHECK(std::abs(found - variance) < 5 * std::sqrt((fourth - variance * variance) / n) + 1e-12);
  }
}

TEST_CASE("a mask is a function of seed, step, sample and unit, and of nothing else",
          "[training]") {
  const Noise noise{.seed = 3, .update = 5};
  const Eigen::MatrixXd y = masked_ones(0.5, noise, 20);
  CHECK(masked_ones(0.5, noise, 20) == y);
  CHECK(masked_ones(0.5, noise, 7) == y.leftCols(7));
  Noise later = noise;
  later.first_sample = 8;
  CHECK(masked_ones(0.5, later, 12) == y.rightCols(12));
  const auto shares = [&](const Noise& other) {
    return (masked_ones(0.5, other, 20).array() == y.array()).cast<double>().mean();
  };
  for (const Noise& other : {Noise{4, 5}, Noise{3, 6}, Noise{3, 5, 1}}) {
    CHECK(std::abs(shares(other) - 0.5) < 5 * 0.5 / std::sqrt(8000));
  }
}

TEST_CASE("networks are used without dropout", "[training]") {
  Masked net;
  Random random(1);
  net.initialize(Uniform{-1, 1}, random);
  const Eigen::MatrixXd X = numbers(400, 3, 1);
  const Eigen::MatrixXd expected = net.weights<2>() * X;
  CHECK(difference(net(X), expected) < 1e-14);
}

TEST_CASE("training with dropout is the same for any number of threads and repeats itself",
          "[training]") {
  using Net = Mlp<float, Input<20>, Dense<100, Relu>, Dropout<100>, Dense<100, Relu>, Dropout<100>,
                  Dense<1, Sigmoid>>;
  Random random(2);
  Eigen::MatrixXf X(20, 512), Z(1, 512);
  for (float& x : X.reshaped()) x = static_cast<float>(uniform(random, -1, 1));
  for (Index s = 0; s < 512; ++s) Z(0, s) = X.col(s).sum() > 0 ? 1 : 0;
  auto trained = [&](Index threads) {
    Net net;
    Random start(5);
    net.initialize(He{}, start);
    fit(net, BinaryCrossEntropy{}, Nesterov{.learning_rate = 0.05, .momentum = 0.9}, Samples(X, Z),
        {.epochs = 30, .batch_size = 256, .threads = threads});
    return net;
  };
  const Net net = trained(1);
  CHECK(trained(1).parameters() == net.parameters());
#if defined(_OPENMP)
  CHECK(trained(2).parameters() == net.parameters());
#endif
  CHECK(accuracy(net(X), Z) > 0.9);
}

TEST_CASE("a mask over the sequence is one for all its steps", "[training]") {
  using Net = Rnn<double, Input<4>, Dropout<4, MaskOver::Sequence>,
                  Dense<4, Linear, Direct, Delayed<0>, NoBias>>;
  Net net;
  net.parameters().setZero();
  const Eigen::MatrixXd X = Eigen::MatrixXd::Ones(4, 3 * 6), Z = 0 * X;
  Workspace<Net> workspace(net, 3, 6);
  loss_of(net, HalfSquaredError{}, Sequences(X, Z, 6), workspace, {.mode = Mode::Training});
  const Eigen::Map<const Eigen::MatrixXd> y(workspace.at(workspace.plan().layers[1].output + 0), 4,
                                            18);
  for (Index t = 1; t < 6; ++t) CHECK(y.middleCols(3 * t, 3) == y.leftCols(3));
  CHECK((y.leftCols(3).array() == 0).any());
}
