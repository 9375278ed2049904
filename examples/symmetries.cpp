// SPDX-License-Identifier: MIT
// Many points of weight space are one network: a hidden unit can change its sign, two can change
// places. Trainings from two such points end at two such points.
#include <backfold/analysis/symmetry.hpp>
#include <backfold/backfold.hpp>
#include <cstdio>
#include <iostream>
#include <vector>

namespace bf = backfold;

using Net = bf::Mlp<double, bf::Input<2>, bf::Dense<20, bf::Tanh>, bf::Dense<1, bf::Sigmoid>>;

int main() {
  Net net;
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  std::cout << net << "\nequivalent networks, 20!·2^20: " << bf::equivalent_count(net) << '\n';

  // Negate every second unit, then reverse the order of all.
  Net other = net;
  std::vector<bf::Index> reversed;
  for (bf::Index unit = 0; unit < 20; ++unit) {
    if (unit % 2 == 0) bf::negate_unit<1>(other, unit);
    reversed.push_back(19 - unit);
  }
  bf::permute_units<1>(other, reversed);

  Eigen::MatrixXd X = Eigen::MatrixXd::Random(2, 200), Z(1, 200);
  for (bf::Index i = 0; i < 200; ++i) Z(0, i) = X(0, i) * X(1, i) > 0;
  auto distance = [&] { return (net.parameters() - other.parameters()).cwiseAbs().maxCoeff(); };
  auto difference = [&] { return (net(X) - other(X)).cwiseAbs().maxCoeff(); };
  std::printf("largest difference of two of them: weights %.2g, f %.2g\n", distance(),
              difference());

  for (Net* each : {&net, &other}) {
    const auto history = bf::fit(*each, bf::BinaryCrossEntropy{}, bf::Adam{.learning_rate = 0.02},
                                 bf::Samples(X, Z), {.epochs = 500, .batch_size = bf::full_batch});
    std::printf("trained: cross-entropy %.6f\n", history.final_loss());
  }
  std::printf("largest difference after training: weights %.2g, f %.2g\n", distance(),
              difference());
  const bool equal = bf::equivalent(net, other, 1e-8);

  bf::canonicalise(net);
  bf::canonicalise(other);
  std::printf("in canonical form: weights %.2g, f %.2g\n", distance(), difference());
  return equal && distance() < 1e-8 && difference() < 1e-8 ? 0 : 1;
}
