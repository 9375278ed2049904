// SPDX-License-Identifier: MIT
// An activation of your own: two functions, and it is vectorised, checked and trained like ours.
#include <backfold/backfold.hpp>
#include <cstdio>

namespace bf = backfold;

/// Softsign: φ(net) = net/(1 + |net|), φ' = (1 − |x|)².
struct Softsign {
  template <class V>
  V value(const V& net) const {
    return net / (1 + abs(net));
  }
  template <class V>
  V derivative(const V& x) const {
    return square(1 - abs(x));
  }
};

int main() {
  const bf::Report report = bf::check_activation(Softsign{});
  std::printf("checks: %s\n", report.ok() ? "all passed" : report.failures().c_str());

  Eigen::MatrixXf X(2, 4), Z(1, 4);
  X << 0, 0, 1, 1, 0, 1, 0, 1;
  Z << 0, 1, 1, 0;
  bf::Mlp<float, bf::Input<2>, bf::Dense<4, Softsign>, bf::Dense<1, bf::Sigmoid>> net;
  bf::Random random(1);
  net.initialize(bf::Uniform{-1, 1}, random);
  const auto history = bf::fit(net, bf::BinaryCrossEntropy{}, bf::Adam{.learning_rate = 0.05},
                               bf::Samples(X, Z), {.epochs = 500, .batch_size = bf::full_batch});
  std::printf("exclusive or: cross-entropy %.4f, accuracy %.2f\n", history.final_loss(),
              bf::accuracy(net(X), Z));
  return report.ok() && bf::accuracy(net(X), Z) == 1 ? 0 : 1;
}
