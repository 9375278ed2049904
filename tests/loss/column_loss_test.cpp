// SPDX-License-Identifier: MIT
// Losses that know their unit: several quantiles, means with variances.
#include <cmath>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

/// ∂E/∂w of a network against central differences.
template <class Net, class L>
void gradient_is_exact(Net net, const L& loss, Index targets, Index steps) {
  using S = typename Net::Scalar;
  Random random(5);
  net.initialize(Uniform{-0.8, 0.8}, random);
  const Matrix<S> X = numbers(net.inputs(), 3 * steps, 1).template cast<S>();
  const Matrix<S> Z = numbers(targets, 3 * steps, 2).template cast<S>();
  CHECK(check_gradient(net, loss, Sequences<S>(X, Z, steps)).largest_difference < 1e-7);
}

}  // namespace

TEST_CASE("one quantile for each output is that loss of Pinball", "[loss]") {
  Mlp<double, Input<2>, Dense<4, Tanh>, Dense<2, Linear>> net;
  Random random(3);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 9, 3), Z = numbers(2, 9, 4);
  Workspace workspace(net, 9);
  Eigen::VectorXd one, other;
  const double E = gradient(net, Pinball{0.2}, Samples(X, Z), workspace, one);
  CHECK(gradient(net, Quantiles{0.2}, Samples(X, Z), workspace, other) == Approx(E).epsilon(1e-14));
  CHECK(difference(one, other) < 1e-14);
}

TEST_CASE("a network learns several quantiles of one target", "[loss]") {
  // The targets of each input are 0, 1/99, ..., 1 plus the input.
  constexpr int count = 100;
  Eigen::MatrixXd X(1, 2 * count), Z(1, 2 * count);
  for (int i = 0; i < 2 * count; ++i) {
    X(0, i) = i < count ? 0 : 1;
    Z(0, i) = X(0, i) + (i % count) / 99.0;
  }
  Mlp<double, Input<1>, Dense<3, Linear>> net;
  net.parameters().setConstant(0.5);
  fit(net, Quantiles{0.105, 0.505, 0.805}, Adam{.learning_rate = 0.003}, Samples(X, Z),
      {.epochs = 3000, .batch_size = 2 * count});
  const Eigen::MatrixXd Y = net(Eigen::MatrixXd{{0.0, 1.0}});
  const double expected[] = {10 / 99.0, 50 / 99.0, 80 / 99.0};
  for (int k = 0; k < 3; ++k) {
    CHECK(Y(k, 0) == Approx(expected[k]).margin(0.011));
    CHECK(Y(k, 1) == Approx(1 + expected[k]).margin(0.011));
  }
}

TEST_CASE("the least Gaussian loss is at the mean and the variance of the targets", "[loss]") {
  Eigen::MatrixXd X = Eigen::MatrixXd::Zero(1, 50), Z = numbers(1, 50, 5);
  Mlp<double, Input<1>, Dense<2, Linear>> net;
  const double mean = Z.mean();
  const double variance = (Z.array() - mean).square().mean();
  net.bias<1>() << mean, std::log(variance);
  Workspace workspace(net, 50);
  Eigen::VectorXd g;
  const double E = gradient(net, GaussianNll{}, Samples(X, Z), workspace, g);
  CHECK(g.norm() < 1e-12);
  CHECK(E == Approx(25 * (std::log(variance) + 1)).epsilon(1e-13));
  const double full = loss_of(net, GaussianNll{.full = true}, Samples(X, Z), workspace);
  CHECK(full - E == Approx(25 * std::log(2 * M_PI)).epsilon(1e-13));
}

TEST_CASE("gradients of losses of columns are exact on every kind of output layer", "[loss]") {
  gradient_is_exact(Mlp<double, Input<2>, Dense<3, Tanh>, Dense<6, Linear>>(), GaussianNll{}, 3, 1);
  gradient_is_exact(Mlp<double, Input<2>, Dense<6, Silu>>(), GaussianNll{}, 3, 1);
  gradient_is_exact(Mlp<double, Input<2>, Dense<4, Softmax>>(), GaussianNll{}, 2, 1);
  using Sized = Rnn<double, Input<Dynamic>, Lstm<Dynamic>>;
  gradient_is_exact(Sized(2, 2), GaussianNll{}, 1, 4);
  gradient_is_exact(Rnn<double, Input<2>, Dense<4, Tanh, Recurrent<>>>(), GaussianNll{}, 2, 4);
}

TEST_CASE("real-time recurrent learning of a Gaussian loss equals backpropagation", "[loss]") {
  using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;
  Net net;
  Random random(4);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 6, 6), Z = numbers(1, 6, 7);
  Workspace workspace(net, 1, 6);
  Eigen::VectorXd g, of_step, sum = Eigen::VectorXd::Zero(net.parameter_count());
  gradient(net, GaussianNll{}, Sequences(X, Z, 6), workspace, g);
  Rtrl<Net> rtrl(net);
  for (int t = 0; t < 6; ++t) {
    rtrl.step(net, GaussianNll{}, X.col(t), Z.col(t), of_step);
    sum += of_step;
  }
  CHECK(difference(g, sum) < 1e-12);
}

TEST_CASE("targets that are not as many as the loss takes are refused", "[loss]") {
  using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Linear>>;
  const Eigen::MatrixXd X = numbers(2, 5, 8), Z = numbers(4, 5, 9);
  Sized net(2, 4);
  Workspace workspace(net, 5);
  CHECK_THROWS_WITH((loss_of(net, GaussianNll{}, Samples(X, Z), workspace)),
                    "data: the loss takes 2 outputs for each target; targets have 4 rows, the "
                    "output layer 4 units");
  CHECK_THROWS_WITH((fit(net, Quantiles{0.1, 0.5, 0.9}, Sgd{}, Samples(X, Z))),
                    "data: the loss takes 3 outputs for each target; targets have 4 rows, the "
                    "output layer 4 units");
  CHECK_THROWS_WITH((fit(net, Quantiles{0.1, 1.0}, Sgd{}, Samples(X, Z))),
                    "Pinball: quantile must lie between 0 and 1, got 1");
}
