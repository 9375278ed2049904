// SPDX-License-Identifier: MIT
// Three hidden neurons learn exclusive or.
#include <backfold/backfold.hpp>
#include <cstdio>

namespace bf = backfold;

int main() {
  Eigen::MatrixXd X(2, 4), Z(1, 4);  // samples are columns
  X << 0, 0, 1, 1, 0, 1, 0, 1;
  Z << 0, 1, 1, 0;

  bf::Mlp<double, bf::Input<2>, bf::Dense<3, bf::Tanh>, bf::Dense<1, bf::Sigmoid>> net;
  bf::Random random(1);
  net.initialize(bf::Uniform{-1, 1}, random);

  bf::fit(net, bf::BinaryCrossEntropy{}, bf::Adam{.learning_rate = 0.05}, bf::Samples(X, Z),
          {.epochs = 500, .batch_size = 1});

  const Eigen::MatrixXd Y = net(X);
  for (int i = 0; i < 4; ++i) std::printf("%g xor %g = %.3f\n", X(0, i), X(1, i), Y(0, i));
  return bf::accuracy(Y, Z) == 1 ? 0 : 1;
}
