// SPDX-License-Identifier: MIT
#include <sstream>

#include "backfold/analysis/gradient_report.hpp"
#include "backfold/analysis/sample_gradients.hpp"
#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"

using namespace backfold;

namespace {

/// A tanh whose derivative is wrong by a tenth.
struct WrongTanh {
  template <class V>
  V value(const V& net) const {
    return Tanh{}.value(net);
  }
  template <class V>
  V derivative(const V& x) const {
    return V(1.1) * Tanh{}.derivative(x);
  }
};

template <class Net>
Net random_network(Random& random) {
  Net net;
  for (auto& w : net.parameters()) {
    w = static_cast<typename Net::Scalar>(uniform(random, -0.8, 0.8));
  }
  return net;
}

Eigen::MatrixXd random_matrix(Index rows, Index columns, Random& random) {
  Eigen::MatrixXd m(rows, columns);
  for (double& v : m.reshaped()) v = uniform(random, 0.1, 0.9);
  return m;
}

}  // namespace

TEST_CASE("gradients of samples are those of single samples, and add up to the batch's") {
  Random random(2);
  using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, LayerNorm<3>, Dense<2, Sigmoid>>;
  const Net net = random_network<Net>(random);
  const Index batch = 4, steps = 3;
  const Eigen::MatrixXd X = random_matrix(2, batch * steps, random);
  const Eigen::MatrixXd Z = random_matrix(2, batch * steps, random);
  Eigen::VectorXd weights = random_matrix(batch * steps, 1, random);
  const std::vector<Index> lengths{3, 1, 2, 3};
  Sequences<double> data(X, Z, weights, steps);
  data.lengths = lengths.data();
  Workspace<Net> workspace(net, batch, steps), one(net, 1, steps);
  Eigen::VectorXd g;
  Eigen::MatrixXd G;
  const double E = gradient(net, HalfSquaredError{}, data, workspace, g);
  CHECK(sample_gradients(net, HalfSquaredError{}, data, one, G) == Approx(E).epsilon(1e-13));
  REQUIRE(G.cols() == batch);
  CHECK(difference(G.rowwise().sum(), g) < 1e-13);
  for (Index b = 0; b < batch; ++b) {
    gradient(net, HalfSquaredError{}, data[b], workspace, g);
    CHECK(difference(G.col(b), g) < 1e-13);
  }
  using Flat = Mlp<double, Input<2>, Dense<2, Softmax>>;
  const Flat flat = random_network<Flat>(random);
  Workspace<Flat, 1> single(flat);
  sample_gradients(flat, CategoricalCrossEntropy{}, Samples(X, Z), single, G);
  CHECK(G.cols() == X.cols());
}

TEST_CASE("the gradient report finds right networks right, block by block") {
  Random random(3);
  using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, LayerNorm<3>, Lstm<2>>;
  const Eigen::MatrixXd X = random_matrix(2, 8, random), Z = random_matrix(2, 8, random);
  const GradientReport report =
      gradient_report(random_network<Net>(random), HalfSquaredError{}, Sequences<double>(X, Z, 4));
  REQUIRE(report.blocks.size() == 3 + 1 + 3);
  CHECK(report.worst().error < 1e-6);
}

TEST_CASE("the gradient report's step suits float too") {
  using Net = Mlp<float, Input<1>, Dense<3, Tanh>, Dense<1, Linear>>;
  Random random(5);
  Net net;
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXf X = random_matrix(1, 5, random).cast<float>();
  const Eigen::MatrixXf Z = random_matrix(1, 5, random).cast<float>();
  CHECK(gradient_report(net, HalfSquaredError{}, Samples(X, Z)).worst().error < 1e-2);
  CHECK(check_gradient(net, HalfSquaredError{}, Samples(X, Z)).largest_difference < 1e-3);
}

TEST_CASE("the gradient report names the layer, the place and the error of a wrong derivative") {
  Random random(4);
  using Net = Mlp<double, Input<2>, Dense<3, WrongTanh>, Dense<1, Linear>>;
  const Net net = random_network<Net>(random);
  const Eigen::MatrixXd X = random_matrix(2, 5, random), Z = random_matrix(1, 5, random);
  const GradientReport report = gradient_report(net, HalfSquaredError{}, Samples(X, Z));
  REQUIRE(report.blocks.size() == 4);
  const BlockCheck& worst = report.worst();
  CHECK(worst.block.layer == 1);
  CHECK(worst.error == Approx(0.1 / 1.1).epsilon(1e-5));
  CHECK(worst.gradient == Approx(1.1 * worst.difference).epsilon(1e-5));
  CHECK(report.blocks[2].error < 1e-6);  // the weights of the layer after it
  CHECK(report.blocks[3].error < 1e-6);
  std::ostringstream text;
  text << report;
  CHECK(text.str().substr(0, 55) == "layer 1 Dense, weights from layer 0: relative error 0.0");
}
