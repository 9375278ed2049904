// SPDX-License-Identifier: MIT
// A noisy function of one variable: the net sees the noise and learns the function.
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdio>

namespace bf = backfold;

namespace {
double truth(double x) { return std::sin(2 * x) + 0.3 * x; }
}  // namespace

int main() {
  constexpr int n = 300;
  constexpr double noise = 0.1;
  bf::Random random(3);
  Eigen::MatrixXd X(1, n), Z(1, n);
  for (int s = 0; s < n; ++s) {
    X(0, s) = bf::uniform(random, -3, 3);
    Z(0, s) = truth(X(0, s)) + noise * bf::normal(random);
  }

  bf::Mlp<double, bf::Input<1>, bf::Dense<20, bf::Tanh>, bf::Dense<1, bf::Linear>> net;
  net.initialize(bf::Glorot{}, random);
  const auto history =
      bf::fit(net, bf::HalfSquaredError{}, bf::Adam{.learning_rate = 0.02}, bf::Samples(X, Z),
              {.epochs = 1000, .batch_size = 16, .final_rate = 0.02});

  std::printf("     x    data     fit   truth\n");
  for (int s = 0; s < 12; ++s) {
    const Eigen::VectorXd x = X.col(s);
    std::printf("%6.2f  %6.3f  %6.3f  %6.3f\n", x[0], Z(0, s), net(x)(0), truth(x[0]));
  }
  double squared = 0;
  constexpr int grid = 601;
  for (int i = 0; i < grid; ++i) {
    const Eigen::VectorXd x = Eigen::VectorXd::Constant(1, -3 + 0.01 * i);
    squared += std::pow(net(x)(0) - truth(x[0]), 2);
  }
  const double rms = std::sqrt(squared / grid);
  std::printf("half squared error on the data %.5f (the noise alone: %.5f)\n", history.final_loss(),
              noise * noise / 2);
  std::printf("root mean squared distance from the truth %.4f\n", rms);
  return rms < noise ? 0 : 1;
}
