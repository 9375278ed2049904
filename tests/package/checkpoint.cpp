// SPDX-License-Identifier: MIT
// A training that keeps a checkpoint after each epoch, and prints all bits of what came out:
// killed_training.py kills it.
#include <backfold/backfold.hpp>
#include <backfold/io/checkpoint.hpp>
#include <cstdio>

namespace bf = backfold;

int main(int, char** arguments) {
  using Net = bf::Mlp<float, bf::Input<2>, bf::Dense<16, bf::Tanh>, bf::Dropout<16>,
                      bf::Dense<1, bf::Linear>>;
  bf::Random random(1);
  Eigen::MatrixXf X(2, 300), Z(1, 300);
  for (auto& x : X.reshaped()) x = static_cast<float>(bf::uniform(random, -1, 1));
  Z = X.row(0).cwiseProduct(X.row(1));
  const bf::Samples<float> data(X.leftCols(200), Z.leftCols(200));
  const bf::Samples<float> held_out(X.rightCols(100), Z.rightCols(100));
  Net net;
  net.initialize(bf::Glorot{}, random);

  bf::Validate validate(held_out);
  bf::StopEarly stop({.patience = 60}, validate);
  bf::KeepBest best(validate);
  bf::Checkpoint checkpoint(arguments[1], 1, validate, stop, best);
  const bf::History history = bf::fit(net, bf::HalfSquaredError{}, bf::Adam{.learning_rate = 0.01},
                                      data, {.epochs = 400, .batch_size = 8}, bf::CosineDecay{},
                                      validate, stop, best, checkpoint);
  std::printf("%ld epochs, best %ld\n", long(history.epoch), long(best.epoch()));
  for (const double loss : history.losses) std::printf("%a ", loss);
  for (const double loss : validate.losses()) std::printf("%a ", loss);
  for (const float w : net.parameters()) std::printf("%a ", double(w));
  return 0;
}
