// SPDX-License-Identifier: MIT
// Six layers learn by Adam to add up their inputs.
#include <backfold/backfold.hpp>
#include <cstdio>

namespace bf = backfold;

int main() {
  const Eigen::MatrixXf X = Eigen::MatrixXf::Random(16, 1024);
  const Eigen::MatrixXf Z = X.colwise().sum();

  bf::Mlp<float, bf::Input<16>, bf::Dense<64, bf::Relu>, bf::Dense<48, bf::Tanh>,
          bf::Dense<32, bf::Relu>, bf::Dense<24, bf::Tanh>, bf::Dense<16, bf::Sigmoid>,
          bf::Dense<1, bf::Linear>>
      net;
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  const bf::History history = bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, bf::Samples(X, Z),
                                      {.epochs = 200, .batch_size = 32});
  std::printf("%g after %g\n", history.losses.back(), history.losses.front());
  return history.losses.back() < 0.1 * history.losses.front() ? 0 : 1;
}
