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

TEST_CASE("a connection's mask names its weights among those into a layer") {
  // Without weights in between, and cells, whose four gates share a connection.
  using Deep = Rnn<double, Input<2>, Lstm<3, Name<"cell">>,
                   Dense<3, Tanh, Add<1>, Recurrent<>, From<0>, Recurrent<2>>, Dense<1, Linear>>;
  Deep net;
  const auto is_of = [&](auto weights, const VectorXd& mask) {
    net.parameters().setZero();
    weights.setOnes();
    return net.parameters() == mask;
  };
  CHECK(is_of(net.weights<1, 0>(), connection_mask(net, 1, 0)));
  CHECK(is_of(net.weights<1, 1>(), connection_mask(net, "cell", 1)));
  CHECK(is_of(net.weights<2, 0>(), connection_mask(net, 2, 0)));
  CHECK(is_of(net.weights<2, 2>(), connection_mask(net, 2, 2)));
  CHECK(is_of(net.weights<2, 3>(), connection_mask(net, 2, 3)));
  CHECK(is_of(net.weights<2, 4>(), connection_mask(net, 2, 4)));
  CHECK(is_of(net.weights<3>(), connection_mask(net, 3, 0)));
  CHECK(said([&] { (void)connection_mask(net, 2, 1); }) ==
        "connection_mask: connection 1 into layer 2 has no weights");
  CHECK(said([&] { (void)connection_mask(net, 2, 5); }) ==
        "connection_mask: no connection 5 among the 5 into layer 2");
  CHECK(said([&] { (void)connection_mask(net, 2, -1); }) ==
        "connection_mask: no connection -1 among the 5 into layer 2");
  CHECK(said([&] { (void)connection_mask(net, 0, 0); }) ==
        "connection_mask: no connection 0 among the 0 into layer 0");
  CHECK(said([&] { (void)connection_mask(net, 4, 0); }) ==
        "connection_mask: no connection 0 among the 0 into layer 4");
  CHECK(said([&] { (void)connection_mask(net, "head", 0); }) ==
        "connection_mask: no layer has the name head");
}

TEST_CASE("recurrent weights are frozen, and all others learn") {
  using Reservoir = Rnn<double, Input<2>, Dense<4, Tanh, Recurrent<>>, Dense<1, Linear>>;
  const MatrixXd X = numbers(2, 12, 1), Z = numbers(1, 12, 2);
  Reservoir net;
  net.parameters() = numbers(net.parameter_count(), 1, 5);
  const VectorXd before = net.parameters(), mask = connection_mask(net, 1, 1);
  (void)fit(net, HalfSquaredError{}, ScaledRates{Adam{}, 1 - mask.array()}, Sequences(X, Z, 6),
            {.epochs = 3, .batch_size = 1});
  const VectorXd step = net.parameters() - before;
  CHECK(mask.sum() == 16);
  for (Index i = 0; i < step.size(); ++i) CHECK((step[i] == 0) == (mask[i] == 1));
}

TEST_CASE("masks of what is not there are refused") {
  const auto net = made_net();
  CHECK(said([&] { (void)layer_mask(net, 0); }) == "layer_mask: layer 0 has no parameters");
  CHECK(said([&] { (void)layer_mask(net, 7); }) == "layer_mask: layer 7 has no parameters");
  CHECK(said([&] { (void)layer_mask(net, "head"); }) == "layer_mask: no layer has the name head");
}
