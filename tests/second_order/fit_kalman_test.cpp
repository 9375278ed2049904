// SPDX-License-Identifier: MIT
#include "backfold/second_order/fit_kalman.hpp"

#include <limits>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

using Xor = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>;
using Echo = Rnn<double, Input<1>, Dense<4, Tanh, Recurrent<>>, Dense<1, Linear>>;
using Small = Rnn<double, Input<1>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Σ (z − y)² over all data.
template <class Net>
double squared_error(const Net& net, const Sequences<double>& data) {
  Workspace workspace(net, data.batch(), data.steps);
  return 2 * loss_of(net, HalfSquaredError{}, data, workspace);
}

/// Epochs of `run(epoch)` until Σ (z − y)² is below the limit, at most `most`.
template <class Net, class Run>
Index epochs_until(const Net& net, const Sequences<double>& data, double limit, Index most,
                   const Run& run) {
  for (Index epoch = 1; epoch <= most; ++epoch) {
    run(epoch);
    if (squared_error(net, data) < limit) return epoch;
  }
  return most + 1;
}

/// Epochs of a Kalman filter and of Adam, from equal weights.
template <class Net>
std::pair<Index, Index> compare(const Net& start, const Sequences<double>& data, double limit,
                                Index most, const KalmanOptions& options) {
  Net net = start, other = start;
  ExtendedKalmanFilter<Net> filter(net, options);
  const Index kalman = epochs_until(net, data, limit, most, [&](Index epoch) {
    fit_kalman(net, filter, data, {.seed = static_cast<std::uint64_t>(epoch)});
  });
  Trainer trainer(other, HalfSquaredError{}, Adam{.learning_rate = 0.1}, data,
                  FitOptions{.batch_size = 1});
  const Index adam = epochs_until(other, data, limit, most, [&](Index) { trainer.run(1); });
  return {kalman, adam};
}

}  // namespace

TEST_CASE("exclusive or is learnt in fewer epochs than by Adam") {
  MatrixXd X(2, 4), Z(1, 4);
  X << 0, 0, 1, 1, 0, 1, 0, 1;
  Z << 0, 1, 1, 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Xor net;
    Random random(seed);
    net.initialize(Uniform{-0.7, 0.7}, random);
    const auto [kalman, adam] = compare<Xor>(net, Samples(X, Z), 1e-3, 400, {});
    CAPTURE(seed, kalman, adam);
    CHECK(kalman <= 25);
    CHECK(kalman < adam);
  }
}

TEST_CASE("a delayed input and a square are learnt in fewer epochs than by Adam") {
  const MatrixXd X = numbers(1, 100, 5);
  MatrixXd Z = MatrixXd::Zero(1, 100);
  for (Index t = 2; t < 100; ++t) Z(0, t) = 0.5 * X(0, t - 2) + 0.3 * X(0, t - 1) * X(0, t - 1);
  const Sequences data(X, Z, 100);
  Echo net;
  Random random(1);
  net.initialize(Uniform{-0.5, 0.5}, random);
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    const auto [kalman, adam] = compare<Echo>(net, data, 0.1, 400, {.mode = mode, .window = 10});
    CAPTURE(kalman, adam);
    CHECK(kalman <= 20);
    CHECK(kalman < adam);
  }
}

TEST_CASE("fit_kalman is a filter's steps in time, from a zero state for each sequence") {
  const MatrixXd X = numbers(1, 3 * 5, 7), Z = numbers(2, 3 * 5, 8);
  auto net = made<Small>(), by_steps = made<Small>();
  const KalmanOptions options{.mode = JacobianMode::Forward};
  const auto result =
      fit_kalman(net, Sequences(X, Z, 5), {.epochs = 2, .shuffle = false, .filter = options});
  ExtendedKalmanFilter filter(by_steps, options);
  for (int epoch = 0; epoch < 2; ++epoch) {
    double sum = 0;
    for (Index b = 0; b < 3; ++b) {
      filter.reset();
      for (Index t = 0; t < 5; ++t) {
        sum += filter.step(by_steps, X.col(t * 3 + b), Z.col(t * 3 + b));
      }
    }
    CHECK(result.errors[static_cast<std::size_t>(epoch)] == Approx(sum / 15).epsilon(1e-14));
  }
  CHECK(result.is_finite);
  CHECK(net.parameters() == by_steps.parameters());
}

TEST_CASE("padding, weights of 0, missing targets and resets are as the shorter data") {
  MatrixXd X = numbers(1, 2 * 4, 9), Z = numbers(2, 2 * 4, 10);
  const std::vector<Index> lengths{4, 2};
  const KalmanFitOptions options{.shuffle = false};
  auto clean = made<Small>(), padded = made<Small>(), weighted = made<Small>(),
       missing = made<Small>();
  Sequences data(X, Z, 4);
  data.lengths = lengths.data();
  (void)fit_kalman(clean, data, options);
  std::vector<double> weights(8, 1);
  for (const Index c : {5, 7}) weights[static_cast<std::size_t>(c)] = 0;  // after the second's end
  (void)fit_kalman(weighted, Sequences(X, Z, weights, 4), options);
  CHECK(difference(weighted.parameters(), clean.parameters()) < 1e-13);
  for (const Index c : {5, 7}) Z(0, c) = Z(1, c) = not_a_number;
  Sequences masked(X, Z, 4);
  masked.missing = Missing::NaN;
  (void)fit_kalman(missing, masked, options);
  CHECK(difference(missing.parameters(), clean.parameters()) < 1e-13);
  for (const Index c : {5, 7}) X(0, c) = not_a_number;
  (void)fit_kalman(padded, data, options);
  CHECK(padded.parameters() == clean.parameters());

  // Two sequences one after the other, with a reset between them.
  const MatrixXd x = numbers(1, 6, 11), z = numbers(2, 6, 12);
  MatrixXd beside_x(1, 6), beside_z(2, 6);
  for (Index t = 0; t < 3; ++t) {
    for (Index b = 0; b < 2; ++b) {
      beside_x.col(2 * t + b) = x.col(3 * b + t);
      beside_z.col(2 * t + b) = z.col(3 * b + t);
    }
  }
  auto one = made<Small>(), two = made<Small>();
  const std::vector<char> resets{0, 0, 0, 1, 0, 0};
  Sequences whole(x, z, 6);
  whole.resets = resets;
  (void)fit_kalman(one, whole, options);
  (void)fit_kalman(two, Sequences(beside_x, beside_z, 3), options);
  CHECK(difference(one.parameters(), two.parameters()) < 1e-13);
}

TEST_CASE("targets at the last step are one update for each sequence") {
  const MatrixXd X = numbers(1, 3 * 4, 13), Z = numbers(2, 3, 14);
  Sequences data(X, Z, 4);
  data.targets_at = TargetsAt::LastStep;
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    auto net = made<Small>(), by_steps = made<Small>();
    (void)fit_kalman(net, data, {.shuffle = false, .filter = {.mode = mode}});
    ExtendedKalmanFilter filter(by_steps, {.mode = mode, .window = 4});
    for (Index b = 0; b < 3; ++b) {
      filter.reset();
      for (Index t = 0; t < 3; ++t) filter.step(by_steps, X.col(t * 3 + b));
      filter.step(by_steps, X.col(9 + b), Z.col(b));
    }
    CHECK(net.parameters() == by_steps.parameters());
  }
}

TEST_CASE("one step, one sample, float and Dynamic sizes learn too") {
  using Net = Rnn<float, Input<Dynamic>, Lstm<Dynamic>, Dense<Dynamic, Linear>>;
  Net net(1, 3, 2);
  Random random(3);
  net.initialize(Uniform{-0.5, 0.5}, random);
  const Eigen::MatrixXf x = numbers(1, 1, 15).cast<float>(), z = numbers(2, 1, 16).cast<float>();
  const auto one = fit_kalman(net, Sequences(x, z, 1), {.epochs = 30});
  CHECK(one.errors.back() < 1e-3 * one.errors.front());

  using Curve = Mlp<float, Input<1>, Dense<5, Tanh>, Dense<1, Linear>>;
  Curve curve;
  curve.initialize(Uniform{-0.5, 0.5}, random);
  const Eigen::RowVectorXf X = Eigen::RowVectorXf::LinSpaced(21, -1, 1);
  const Eigen::RowVectorXf Z = X.array().square();
  const auto result = fit_kalman(curve, Samples(X, Z), {.epochs = 100});
  CHECK(result.is_finite);
  CHECK(result.errors.back() < 1e-3);
}

TEST_CASE("fit_kalman refuses data that do not fit, and leaves the network as it was") {
  auto net = made<Xor>();
  const VectorXd before = net.parameters();
  MatrixXd X = numbers(2, 4, 1), Z = numbers(1, 4, 2);
  const std::vector<double> none(4, 0);
  CHECK(said([&] { fit_kalman(net, Samples(X, Z, none)); }) ==
        "fit_kalman: no sample has a target");
  CHECK(said([&] { fit_kalman(net, Samples(X, Z), {.epochs = -1}); }) ==
        "fit_kalman: epochs must be >= 0, got -1");
  CHECK(said([&] { fit_kalman(net, Samples(X, Z), {.filter = {.forgetting = 2}}); }) ==
        "kalman: forgetting must be above 0 and at most 1, got 2");
  auto small = made<Small>();
  const MatrixXd x = numbers(1, 4, 1), z = numbers(2, 4, 2), states = numbers(3, 2, 3);
  Sequences begun(x, z, 2);
  begun.initial_states = states;
  CHECK(said([&] { fit_kalman(small, begun); }) ==
        "fit_kalman: sequences start from zeros or a LearntStart, the data have initial_states");
  X(1, 2) = not_a_number;
  CHECK(said([&] { fit_kalman(net, Samples(X, Z)); }).find("inputs") != std::string::npos);
  CHECK(net.parameters() == before);
}

TEST_CASE("an update that is not finite ends fit_kalman at the parameters before it") {
  auto net = made<Xor>();
  const MatrixXd X = numbers(2, 4, 1);
  const MatrixXd Z = MatrixXd::Constant(1, 4, 1e200);
  const VectorXd before = net.parameters();
  const auto result = fit_kalman(net, Samples(X, Z), {.epochs = 5});
  CHECK_FALSE(result.is_finite);
  CHECK(result.errors.size() == 1);
  CHECK(net.parameters() == before);
}
