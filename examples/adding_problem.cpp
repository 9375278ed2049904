// SPDX-License-Identifier: MIT
// The adding problem: of 50 random numbers two are marked; the answer at the end is their sum.
// A network that forgets cannot do better than a mean squared error of 0.17.
// Source: Hochreiter & Schmidhuber, Long short-term memory (1997).
#include <backfold/backfold.hpp>
#include <cstdio>
#include <cstring>

namespace bf = backfold;

namespace {

constexpr bf::Index steps = 50;

struct Sums {
  Eigen::MatrixXf X, Z;
  explicit Sums(bf::Index n, bf::Random& random) : X(Eigen::MatrixXf::Zero(2, n * steps)), Z(1, n) {
    for (bf::Index b = 0; b < n; ++b) {
      for (bf::Index t = 0; t < steps; ++t) {
        X(0, t * n + b) = static_cast<float>(bf::uniform(random));
      }
      // One mark in each half.
      const auto first = static_cast<bf::Index>(bf::below(random, steps / 2));
      const auto second = steps / 2 + static_cast<bf::Index>(bf::below(random, steps / 2));
      X(1, first * n + b) = X(1, second * n + b) = 1;
      Z(0, b) = X(0, first * n + b) + X(0, second * n + b);
    }
  }
  bf::Sequences<float> data() const {
    bf::Sequences<float> sequences(X, Z, steps);
    sequences.targets_at = bf::TargetsAt::LastStep;
    return sequences;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  bf::Random random(2);
  const Sums training(4000, random), test(1000, random);
  bf::Rnn<float, bf::Input<2>, bf::Lstm<32>, bf::Dense<1, bf::Linear>> net;
  net.initialize(bf::Uniform{-0.18, 0.18}, random);
  bf::Workspace workspace(net, 1000, steps);
  double squared = 0;
  bf::fit(net, bf::HalfSquaredError{}, bf::ClipNorm{bf::Adam{.learning_rate = 5e-3}, 1.0},
          training.data(), {.epochs = quick ? 1 : 40, .batch_size = 32, .final_rate = 0.1},
          [&](const bf::EpochReport& report) {
            squared = 2 * bf::loss_of(net, bf::HalfSquaredError{}, test.data(), workspace,
                                      {.reduction = bf::Reduction::Mean});
            if (report.epoch % 4 == 0) {
              std::printf("epoch %2ld  mean squared error on new sequences %.5f\n",
                          static_cast<long>(report.epoch), squared);
              std::fflush(stdout);
            }
            return squared > 0.001;
          });
  std::printf("mean squared error %.5f: %s\n", squared, squared < 0.01 ? "solved" : "not solved");
  return quick || squared < 0.01 ? 0 : 1;
}
