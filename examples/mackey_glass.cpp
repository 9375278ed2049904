// SPDX-License-Identifier: MIT
// The chaotic series of Mackey & Glass: dx/dt = 0.2 x(t − 17)/(1 + x(t − 17)^10) − 0.1 x(t), by
// Runge-Kutta; two networks predict it 1 and 84 steps ahead from windows of its past.
// Source: Mackey & Glass, Oscillation and chaos in physiological control systems (1977).
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

namespace bf = backfold;

namespace {

/// `steps` values one unit of time apart, after 1000 for the transient.
Eigen::MatrixXf mackey_glass(int steps) {
  constexpr int parts = 10;  // of a unit of time
  constexpr int delay = 17 * parts;
  constexpr double h = 1.0 / parts;
  std::vector<double> x(delay + 1, 1.2);
  auto slope = [](double now, double then) {
    return 0.2 * then / (1 + std::pow(then, 10)) - 0.1 * now;
  };
  Eigen::MatrixXf series(1, steps);
  for (int i = 0; i < (steps + 1000) * parts; ++i) {
    const double now = x.back();
    const double then = x[x.size() - 1 - delay];
    const double later = x[x.size() - delay];
    const double middle = (then + later) / 2;
    const double k1 = slope(now, then);
    const double k2 = slope(now + h / 2 * k1, middle);
    const double k3 = slope(now + h / 2 * k2, middle);
    const double k4 = slope(now + h * k3, later);
    x.push_back(now + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4));
    if (i % parts == 0 && i / parts >= 1000) {
      series(0, i / parts - 1000) = static_cast<float>(x.back() - 0.9);
    }
  }
  return series;
}

/// Root mean squared error on the last fifth of the series over the series' standard deviation.
double nrmse(const Eigen::MatrixXf& series, bf::Index horizon, bool quick) {
  using Net = bf::Rnn<float, bf::Input<1>, bf::Gru<32>, bf::Dense<1, bf::Linear>>;
  Net net;
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  const bf::Windows windows(series, series,
                            {.length = 100, .stride = 9, .horizon = horizon, .warm_up = 40});
  const auto [training, validation] = windows.split(0.8);
  bf::fit(net, bf::HalfSquaredError{}, bf::ClipNorm{bf::Adam{.learning_rate = 5e-3}, 1.0}, training,
          {.epochs = quick ? 2 : 100, .batch_size = 16, .final_rate = 0.02});
  bf::Workspace workspace(net, 1, 100);
  double squares = 0;
  for (bf::Index i = 0; i < validation.count(); ++i) {
    squares += 2 * bf::loss_of(net, bf::HalfSquaredError{}, validation[i], workspace,
                               {.reduction = bf::Reduction::Mean});
  }
  const double mean = series.cast<double>().mean();
  const double variance = (series.cast<double>().array() - mean).square().mean();
  return std::sqrt(squares / double(validation.count()) / variance);
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const Eigen::MatrixXf series = mackey_glass(quick ? 1000 : 5000);
  const double near = nrmse(series, 1, quick);
  std::printf("NRMSE at horizon  1: %.4f\n", near);
  const double far = nrmse(series, 84, quick);
  std::printf("NRMSE at horizon 84: %.4f\n", far);
  return quick || (near < 0.03 && far < 0.15) ? 0 : 1;
}
