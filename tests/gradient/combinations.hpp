// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"

// Every meaningful combination of an activation (hidden and output) with losses, bias, skip
// connection, batch and fixed or Dynamic sizes, against central differences.

namespace combinations {

namespace bf = backfold;

inline Eigen::MatrixXd targets(bf::Random& random, bf::Index rows, bf::Index columns) {
  // In (0, 1), and each column a distribution, so that every loss has a meaning.
  Eigen::MatrixXd z(rows, columns);
  for (bf::Index i = 0; i < z.size(); ++i) z.data()[i] = bf::uniform(random, 0.1, 0.9);
  for (bf::Index c = 0; c < columns; ++c) z.col(c) /= z.col(c).sum();
  return z;
}

/// The largest difference between ∂E/∂X and central differences, relative to the largest of these.
template <class Net, class L>
double input_difference(const Net& net, const L& loss, Eigen::MatrixXd X,
                        const Eigen::MatrixXd& Z) {
  bf::Workspace<Net> workspace(net, X.cols());
  Eigen::VectorXd g;
  Eigen::MatrixXd dX;
  const bf::Samples data(X, Z);
  bf::gradient_with_inputs(net, loss, data, workspace, g, dX);
  Eigen::MatrixXd differences(X.rows(), X.cols());
  for (bf::Index i = 0; i < X.size(); ++i) {
    const double x = X.data()[i];
    const double h = 1e-5;
    X.data()[i] = x + h;
    const double above = bf::loss_of(net, loss, data, workspace);
    X.data()[i] = x - h;
    const double below = bf::loss_of(net, loss, data, workspace);
    X.data()[i] = x;
    differences.data()[i] = (above - below) / (2 * h);
  }
  return difference(dX, differences);
}

template <class Net, class L>
void check(const Net& prototype, const L& loss) {
  for (const bf::Index batch : {1, 7}) {
    Net net = prototype;
    bf::Random random(11);
    net.initialize(bf::Uniform{-0.8, 0.8}, random);
    for (double& w : net.parameters()) w += bf::uniform(random, -0.3, 0.3);  // biases too
    Eigen::MatrixXd X(net.inputs(), batch);
    for (bf::Index i = 0; i < X.size(); ++i) X.data()[i] = bf::uniform(random, -1.5, 1.5);
    const Eigen::MatrixXd Z = targets(random, net.outputs(), batch);
    const auto result = bf::check_gradient(net, loss, bf::Samples(X, Z));
    const double at_inputs = input_difference(net, loss, X, Z);
    CAPTURE(batch, net.parameter_count(), result.parameter, result.largest_difference, at_inputs);
    CHECK(result.largest_difference < 1e-7);
    CHECK(at_inputs < 1e-7);
  }
}

template <class A, class... Options>
struct Nets {
  using Fixed =
      bf::Mlp<double, bf::Input<3>, bf::Dense<4, A, Options...>, bf::Dense<2, A, Options...>>;
  using Skipping = bf::Mlp<double, bf::Input<3>, bf::Dense<4, A, Options...>,
                           bf::Dense<3, A, bf::From<0>, Options...>,
                           bf::Dense<2, A, bf::From<1>, bf::From<0>, Options...>>;
  using Sized = bf::Mlp<double, bf::Input<bf::Dynamic>, bf::Dense<bf::Dynamic, A, Options...>,
                        bf::Dense<bf::Dynamic, A, Options...>>;
  using SizedSkipping =
      bf::Mlp<double, bf::Input<bf::Dynamic>, bf::Dense<bf::Dynamic, A, Options...>,
              bf::Dense<bf::Dynamic, A, bf::From<0>, Options...>,
              bf::Dense<bf::Dynamic, A, bf::From<1>, bf::From<0>, Options...>>;

  template <class L>
  static void check_all(const L& loss) {
    check(Fixed(), loss);
    check(Skipping(), loss);
    check(Sized(3, 4, 2), loss);
    check(SizedSkipping(3, 4, 3, 2), loss);
  }
};

template <class A, class L>
void check_loss(const L& loss) {
  Nets<A>::check_all(loss);
  Nets<A, bf::NoBias>::check_all(loss);
}

/// @tparam Probability true if the outputs are in (0, 1)
template <class A, bool Probability = false>
void check_activation() {
  check_loss<A>(bf::HalfSquaredError{});
  check_loss<A>(bf::AbsoluteError{});
  check_loss<A>(bf::Huber{.threshold = 0.3});
  if constexpr (Probability) {
    check_loss<A>(bf::BinaryCrossEntropy{});
    check_loss<A>(bf::CategoricalCrossEntropy{});
  }
}

}  // namespace combinations
