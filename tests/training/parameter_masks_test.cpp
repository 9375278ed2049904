// SPDX-License-Identifier: MIT
#include "backfold/network/parameter_masks.hpp"

#include "backfold/activation/linear.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/layer/input.hpp"
#include "backfold/layer/lstm.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/optimizer/adam.hpp"
#include "backfold/optimizer/adam_w.hpp"
#include "backfold/optimizer/penalty.hpp"
#include "backfold/optimizer/scaled_rates.hpp"
#include "backfold/optimizer/sgd.hpp"
#include "backfold/training/fit.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

using Net = Mlp<double, Input<2>, Dense<3, Tanh, Name<"features">>, Dense<1, Linear>>;
using Recalling = Rnn<double, Input<2>, Lstm<3>, Dense<1, Linear, NoBias>>;

Net made_net() {
  Net net;
  net.parameters() = numbers(13, 1, 5);
  return net;
}

}  // namespace

TEST_CASE("masks name weights, and the parameters of a layer") {
  const auto net = Net();
  VectorXd weights(13), first(13);
  weights << 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0;
  first << 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0;
  CHECK(weights_mask(net) == weights);
  CHECK(layer_mask(net, 1) == first);
  CHECK(layer_mask(net, "features") == first);
  CHECK(layer_mask(net, 2) == VectorXd::Ones(13) - first);
  // Two bias columns of four gates.
  CHECK(weights_mask(Recalling()).sum() == 12 * (2 + 3) + 3);
}

TEST_CASE("a layer is frozen in fit, and a penalty is in the loss that it reports") {
  const MatrixXd X = numbers(2, 10, 1), Z = numbers(1, 10, 2);
  auto net = made_net();
  const VectorXd before = net.parameters();
  const ScaledRates frozen{AdamW{.learning_rate = 0.1}, 1 - layer_mask(net, "features").array()};
  (void)fit(net, HalfSquaredError{}, frozen, Samples(X, Z), {.epochs = 5, .batch_size = 2});
  CHECK(net.parameters().head(9) == before.head(9));
  CHECK((net.parameters().tail(4) - before.tail(4)).cwiseAbs().minCoeff() > 0);

  net.parameters() = before;
  const PenalizeL2 penalized{Sgd{.learning_rate = 0}, 0.3, weights_mask(net)};
  const FitOptions once{.epochs = 1, .batch_size = full_batch};
  const double with = fit(net, HalfSquaredError{}, penalized, Samples(X, Z), once).final_loss();
  const double without =
      fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0}, Samples(X, Z), once).final_loss();
  const double squares = before.cwiseProduct(weights_mask(net)).squaredNorm();
  CHECK(with - without == Approx(0.15 * squares).epsilon(1e-12));
}

TEST_CASE("a mask of another network is refused when training is made, not in its first step") {
  const MatrixXd X = numbers(2, 10, 1), Z = numbers(1, 10, 2);
  auto net = made_net();
  const std::string expected = ": expected 13 numbers, one for each parameter, got 12";
  const PenalizeL2 penalized{Sgd{}, 0.3, VectorXd::Ones(12)};
  CHECK(said([&] { Trainer(net, HalfSquaredError{}, penalized, Samples(X, Z)); }) ==
        "PenalizeL2" + expected);
  Trainer training(net, HalfSquaredError{}, ScaledRates{Adam{}, VectorXd::Ones(13)}, Samples(X, Z));
  training.optimizer().factors = VectorXd::Ones(12);
  CHECK(said([&] { training.run(1); }) == "ScaledRates" + expected);
  CHECK(training.epoch() == 0);
}

TEST_CASE("masks of what is not there are refused") {
  const auto net = made_net();
  CHECK(said([&] { (void)layer_mask(net, 0); }) == "layer_mask: layer 0 has no parameters");
  CHECK(said([&] { (void)layer_mask(net, 7); }) == "layer_mask: layer 7 has no parameters");
  CHECK(said([&] { (void)layer_mask(net, "head"); }) == "layer_mask: no layer has the name head");
}
