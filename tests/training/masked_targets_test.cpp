// SPDX-License-Identifier: MIT
#include <limits>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Net = Rnn<double, Input<2>, Dense<24, Tanh, Recurrent<>>, Dense<3, Linear>>;
constexpr Index T = 6;
constexpr double missing_value = std::numeric_limits<double>::quiet_NaN();

Net made() {
  Net net;
  Random random(4);
  net.initialize(Uniform{-0.4, 0.4}, random);
  return net;
}

/// 0 for some third of the targets, and for all of each seventh column.
Eigen::MatrixXd mask_of(Index cols) {
  Eigen::MatrixXd mask = numbers(3, cols, 5);
  for (double& m : mask.reshaped()) m = m < -0.3 ? 0 : 1;
  for (Index c = 0; c < cols; c += 7) mask.col(c).setZero();
  return mask;
}

Eigen::MatrixXd holed(Eigen::MatrixXd Z, const Eigen::MatrixXd& mask) {
  for (Index i = 0; i < Z.size(); ++i) {
    if (mask.data()[i] == 0) Z.data()[i] = missing_value;
  }
  return Z;
}

template <class Source>
Eigen::VectorXd trained(const Source& data, const FitOptions& options) {
  Net net = made();
  const auto history = fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.05}, data, options);
  CHECK(history.status == TrainingStatus::EpochsDone);
  return net.parameters();
}

}  // namespace

TEST_CASE("training by mask, by NaN under it and by NaN alone is the same to the bit", "[nan]") {
  const Index B = 9;
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(3, T * B, 2), mask = mask_of(T * B);
  const Eigen::MatrixXd hollow = holed(Z, mask);
  Sequences by_mask(X, Z, T), under(X, hollow, T), by_nan(X, hollow, T);
  by_mask.target_weights = under.target_weights = mask;
  by_nan.missing = Missing::NaN;
  for (const Index batch_size : {Index{1}, Index{4}, full_batch}) {
    for (const Index truncation : {0, 4}) {
      const FitOptions options{.epochs = 3, .batch_size = batch_size, .truncation = truncation};
      const Eigen::VectorXd w = trained(by_mask, options);
      CHECK(trained(under, options) == w);
      CHECK(trained(by_nan, options) == w);
      Sequences plain(X, Z, T);
      CHECK(trained(plain, options) != w);
    }
  }
}

TEST_CASE("a step of full-batch training with a mask is one of gradient", "[nan]") {
  const Index B = 5;
  const Eigen::MatrixXd X = numbers(2, T * B, 1);
  const Eigen::MatrixXd hollow = holed(numbers(3, T * B, 2), mask_of(T * B));
  Sequences data(X, hollow, T);
  data.missing = Missing::NaN;
  Net net = made();
  Workspace workspace(net, B, T);
  Eigen::VectorXd g;
  gradient(net, HalfSquaredError{}, data, workspace, g, Reduction::Mean);
  const Eigen::VectorXd expected = net.parameters() - 0.05 * g;
  const FitOptions options{.epochs = 1, .batch_size = full_batch, .shuffle = false};
  CHECK(difference(trained(data, options), expected) < 1e-14);
}

#if defined(_OPENMP)
TEST_CASE("a mask gives the same bits for 1 and 3 threads", "[nan]") {
  const Index B = 320;
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(3, T * B, 2), mask = mask_of(T * B);
  Sequences data(X, Z, T);
  data.target_weights = mask;
  FitOptions options{.epochs = 2, .batch_size = 300, .truncation = 4, .threads = 1};
  const Eigen::VectorXd one = trained(data, options);
  options.threads = 3;
  CHECK(trained(data, options) == one);
  options.threads = 0;
  CHECK(difference(trained(data, options), one) < 1e-12);
}
#endif

TEST_CASE("windows carry the mask of their series", "[nan]") {
  const Eigen::MatrixXd X = numbers(2, 60, 1), Z = numbers(3, 60, 2), mask = mask_of(60);
  const Eigen::MatrixXd hollow = holed(Z, mask);
  const WindowOptions shape{.length = 8, .stride = 5, .horizon = 1, .warm_up = 2};
  WindowOptions with_nan = shape;
  with_nan.missing = Missing::NaN;
  const Windows by_mask(X, Z, mask, shape), by_nan(X, hollow, with_nan);
  const FitOptions options{.epochs = 2, .batch_size = 3};
  const Eigen::VectorXd w = trained(by_mask, options);
  CHECK(trained(by_nan, options) == w);
  CHECK(trained(Windows(X, Z, shape), options) != w);
  const auto [first, second] = by_mask.split(0.5);
  const auto [first_nan, second_nan] = by_nan.split(0.5);
  CHECK(trained(second, options) == trained(second_nan, options));

  Net net = made();
  CHECK(said([&] {
          fit(net, HalfSquaredError{}, Sgd{}, Windows(X, hollow, shape));
        }).starts_with("data: targets hold a number that is not finite"));
  const Eigen::MatrixXd one_row = Eigen::MatrixXd::Ones(1, 60);
  CHECK(said([&] { Windows(X, Z, one_row, shape); }) ==
        "windows: expected 3 x 60 target_weights, one for each target, got 1 x 60");
}

TEST_CASE("validation leaves missing targets out, too", "[nan]") {
  const Index B = 5;
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(3, T * B, 2);
  const Eigen::MatrixXd hollow = holed(Z, mask_of(T * B));
  Sequences data(X, hollow, T);
  data.missing = Missing::NaN;
  Net net = made();
  Validate validate(data);
  fit(net, HalfSquaredError{}, Sgd{}, Sequences(X, Z, T), {.epochs = 1}, validate);
  Workspace workspace(net, B, T);
  CHECK(validate.losses().back() ==
        Approx(loss_of(net, HalfSquaredError{}, data, workspace, {.reduction = Reduction::Mean}))
            .epsilon(1e-14));
}

TEST_CASE("training refuses weights of targets below 0, and infinite targets", "[nan]") {
  const Eigen::MatrixXd X = numbers(2, T, 1);
  Eigen::MatrixXd Z = numbers(3, T, 2), weights = Eigen::MatrixXd::Ones(3, T);
  Sequences data(X, Z, T);
  data.target_weights = weights;
  data.missing = Missing::NaN;
  Net net = made();
  auto refused = [&] { return said([&] { fit(net, HalfSquaredError{}, Sgd{}, data); }); };
  weights(1, 2) = -1;
  CHECK(refused() == "data: the target_weight at row 1, column 2 is -1, expected >= 0");
  weights(1, 2) = 1;
  Z(2, 3) = std::numeric_limits<double>::infinity();
  CHECK(refused() == "data: targets hold a number that is not finite at row 2, column 3");
  Z.setConstant(missing_value);
  CHECK(refused() == "data: all weights are 0");
}
