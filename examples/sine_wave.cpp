// SPDX-License-Identifier: MIT
// An Elman network learns to predict a sine wave by one step, then runs free on its own outputs.
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace bf = backfold;

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  constexpr int steps = 1200;
  Eigen::MatrixXf series(1, steps);
  for (int t = 0; t < steps; ++t) series(0, t) = static_cast<float>(std::sin(0.2 * t));

  bf::Elman<float, 1, 16, 1> net;
  bf::Random random(5);
  net.initialize(bf::Glorot{}, random);
  const bf::Windows windows(series, series,
                            {.length = 60, .stride = 7, .horizon = 1, .warm_up = 10});
  const auto [training, validation] = windows.split(0.8);
  bf::fit(net, bf::HalfSquaredError{}, bf::Adam{.learning_rate = 5e-3}, training,
          {.epochs = quick ? 60 : 300, .batch_size = 16, .final_rate = 0.02});

  bf::Workspace workspace(net, 1, 60);
  double squares = 0;
  for (bf::Index i = 0; i < validation.count(); ++i) {
    squares += bf::loss_of(net, bf::HalfSquaredError{}, validation[i], workspace,
                           {.reduction = bf::Reduction::Mean});
  }
  const double one_step = std::sqrt(2 * squares / double(validation.count()));
  std::printf("one step ahead: root mean squared error %.5f\n", one_step);

  // Hear 100 steps, then go on alone for three periods.
  bf::State<decltype(net), 1> state(net);
  for (int t = 0; t < 99; ++t) bf::step(net, series.col(t), state);
  Eigen::MatrixXf free(1, 94);
  bf::free_run(net, series.col(99), state, free);
  double worst = 0;
  for (int t = 0; t < 94; ++t) {
    worst = std::max(worst, std::abs(double(free(0, t)) - std::sin(0.2 * (100 + t))));
    if (t % 12 == 0) {
      std::printf("step %3d  free %7.4f  sine %7.4f\n", 100 + t, double(free(0, t)),
                  std::sin(0.2 * (100 + t)));
    }
  }
  std::printf("running free for three periods: largest error %.4f\n", worst);
  return one_step < 0.05 && worst < 0.1 ? 0 : 1;
}
