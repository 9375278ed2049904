// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <cstdlib>
#include <cstring>

namespace bf = backfold;

int main() {
  bf::error_handler = [](const char* message) {
    std::exit(std::strcmp(message, "fit: epochs must be >= 0, got -1") == 0 ? 0 : 1);
  };
  bf::Mlp<float, bf::Input<2>, bf::Dense<3, bf::Tanh>, bf::Dense<1, bf::Linear>> net;
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  const Eigen::MatrixXf X = Eigen::MatrixXf::Random(2, 8), Z = Eigen::MatrixXf::Random(1, 8);
  const bf::Samples data(X, Z);
  const auto history = bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, data, {.epochs = 2});
  if (history.losses.size() != 2) return 2;
  bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, data, {.epochs = -1});
  return 3;  // the handler has not been called
}
