// SPDX-License-Identifier: MIT
// A small recurrent system is unknown; a network with equal input
// learns to imitate it online: real-time recurrent learning gives the gradient at every step,
// without unfolding.
#include <backfold/backfold.hpp>
#include <cstdio>
#include <cstring>

namespace bf = backfold;

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  bf::Random random(4);
  bf::Elman<double, 1, 3, 1> unknown;
  unknown.initialize(bf::Uniform{-1, 1}, random);
  bf::Elman<double, 1, 8, 1> net;
  net.initialize(bf::Uniform{-0.3, 0.3}, random);

  bf::State<decltype(unknown), 1> state(unknown);
  bf::Rtrl rtrl(net);
  bf::Adam adam;
  auto memory = bf::start<double>(adam, net.parameter_count());
  Eigen::VectorXd gradient(net.parameter_count());

  const int steps = quick ? 10000 : 600000;
  double sum = 0, first = 0, last = 0;
  for (int t = 1; t <= steps; ++t) {
    const Eigen::Matrix<double, 1, 1> x(bf::uniform(random, -1, 1));
    const Eigen::Matrix<double, 1, 1> z = bf::step(unknown, x, state);
    const double E = rtrl.step(net, bf::HalfSquaredError{}, x, z, gradient);
    adam.learning_rate = 5e-3 / (1 + t / 20000.0);  // settings may change between steps
    adam.step(
        net.parameters().data(),
        [&](const double*, double* g) {
          Eigen::VectorXd::Map(g, gradient.size()) = gradient;
          return E;
        },
        memory);
    sum += E;
    if (t % (steps / 10) == 0) {
      last = 2 * sum / (steps / 10);
      if (first == 0) first = last;
      sum = 0;
      std::printf("step %7d  mean squared error %.2e\n", t, last);
    }
  }
  std::printf("the error has fallen to 1/%.0f\n", first / last);
  return last < first / (quick ? 2 : 30) ? 0 : 1;
}
