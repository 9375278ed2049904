// SPDX-License-Identifier: MIT
// A single neuron separates two classes of points in the plane.
#include <backfold/backfold.hpp>
#include <cstdio>

namespace bf = backfold;

int main() {
  // Two clouds of points, one on either side of the line x + y = 0.
  constexpr int n = 200;
  bf::Random random(7);
  Eigen::MatrixXd X(2, n), Z(1, n);
  for (int s = 0; s < n; ++s) {
    const double side = s % 2 == 0 ? 1 : -1;
    X(0, s) = side + 0.5 * bf::normal(random);
    X(1, s) = side + 0.5 * bf::normal(random);
    Z(0, s) = s % 2 == 0 ? 1 : 0;
  }

  bf::Mlp<double, bf::Input<2>, bf::Dense<1, bf::Sigmoid>> neuron;
  neuron.initialize(bf::Uniform{}, random);
  bf::fit(neuron, bf::BinaryCrossEntropy{}, bf::Sgd{.learning_rate = 0.1}, bf::Samples(X, Z),
          {.epochs = 50, .batch_size = 1}, [](const bf::EpochReport& report) {
            if (report.epoch % 10 == 0) {
              std::printf("epoch %2ld  cross-entropy %.4f\n", static_cast<long>(report.epoch),
                          report.loss);
            }
          });

  const auto w = neuron.weights<1>();
  std::printf("boundary: %.3f x + %.3f y + %.3f = 0\n", w(0, 0), w(0, 1), neuron.bias<1>()[0]);
  const double right = bf::accuracy(neuron(X), Z);
  std::printf("right: %.1f %% of %d points\n", 100 * right, n);
  return right > 0.98 ? 0 : 1;
}
