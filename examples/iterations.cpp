// SPDX-License-Identifier: MIT
// Iterations to a given error: Levenberg-Marquardt, L-BFGS and a Kalman filter next to Rprop, Adam
// and momentum with the whole batch, on two small tasks of Matlab's comparison of training
// functions: a sine (1-5-1, mean squared error 0.002) and parity of 3 bits (3-10-10-1, 0.001).
#include <algorithm>
#include <backfold/backfold.hpp>
#include <backfold/second_order/fit_kalman.hpp>
#include <backfold/second_order/fit_lbfgs.hpp>
#include <backfold/second_order/fit_least_squares.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

namespace bf = backfold;

namespace {

using Sine = bf::Mlp<double, bf::Input<1>, bf::Dense<5, bf::Tanh>, bf::Dense<1, bf::Linear>>;
using Parity = bf::Mlp<double, bf::Input<3>, bf::Dense<10, bf::Tanh>, bf::Dense<10, bf::Tanh>,
                       bf::Dense<1, bf::Tanh>>;

struct Task {
  Eigen::MatrixXd X, Z;
  double goal;  ///< mean squared error
  bf::Index most;
};

Task sine(bf::Index most) {
  const Eigen::RowVectorXd x = Eigen::RowVectorXd::LinSpaced(41, -1, 1);
  return {x, (3.14159265358979 * x.array()).sin(), 0.002, most};
}

/// Words as columns of -1 and 1; the target is 1 for an odd number of ones, else -1.
Task parity(bf::Index most) {
  Task task{Eigen::MatrixXd(3, 8), Eigen::MatrixXd(1, 8), 0.001, most};
  for (int word = 0; word < 8; ++word) {
    double product = -1;
    for (int b = 0; b < 3; ++b) {
      task.X(b, word) = (word >> b) & 1 ? 1 : -1;
      product *= -task.X(b, word);
    }
    task.Z(0, word) = product;
  }
  return task;
}

template <class Net>
double mean_squared_error(const Net& net, const Task& task) {
  return (net(task.X) - task.Z).squaredNorm() / double(task.Z.cols());
}

/// Least number of iterations that reaches the goal, or -1. Training for k iterations never ends at
/// a larger error than for fewer, so bisection finds it.
template <class Net, class Train>
bf::Index bisect(const Net& start, const Task& task, const Train& train) {
  const auto reaches = [&](bf::Index iterations) {
    Net net = start;
    train(net, static_cast<int>(iterations));
    return mean_squared_error(net, task) <= task.goal;
  };
  bf::Index below = 0, reached = 1;
  while (!reaches(reached)) {
    below = reached;
    reached *= 2;
    if (reached > task.most) return -1;
  }
  while (reached - below > 1) {
    const bf::Index middle = (below + reached) / 2;
    (reaches(middle) ? reached : below) = middle;
  }
  return reached;
}

template <class Net, class Optimizer>
bf::Index full_batch(Net net, const Task& task, const Optimizer& optimizer) {
  // The loss of an epoch is ½ of the squared error, before its step.
  const auto history =
      bf::fit(net, bf::HalfSquaredError{}, optimizer, bf::Samples(task.X, task.Z),
              {.epochs = task.most, .batch_size = bf::full_batch},
              bf::StopEarly({.patience = task.most, .target_loss = task.goal / 2}));
  const auto epochs = static_cast<bf::Index>(history.losses.size());
  return history.final_loss() <= task.goal / 2 ? epochs - 1 : -1;
}

template <class Net>
bf::Index kalman(Net net, const Task& task) {
  bf::ExtendedKalmanFilter<Net> filter(net);
  for (bf::Index epoch = 1; epoch <= task.most; ++epoch) {
    bf::fit_kalman(net, filter, bf::Samples(task.X, task.Z),
                   {.epochs = 1, .seed = static_cast<std::uint64_t>(epoch)});
    if (mean_squared_error(net, task) <= task.goal) return epoch;
  }
  return -1;
}

/// Median, least and largest number of the runs that reach the goal.
void print(const char* name, std::vector<bf::Index> counts) {
  const auto runs = counts.size();
  counts.erase(std::remove(counts.begin(), counts.end(), -1), counts.end());
  std::sort(counts.begin(), counts.end());
  if (counts.empty()) {
    std::printf("| %s | – | – | 0 of %zu |\n", name, runs);
  } else {
    std::printf("| %s | %td | %td–%td | %zu of %zu |\n", name, counts[counts.size() / 2],
                counts.front(), counts.back(), counts.size(), runs);
  }
}

/// @return whether Levenberg-Marquardt reaches the goal in most runs
template <class Net>
bool compare(const Task& task, int runs) {
  const bf::Samples data(task.X, task.Z);
  std::vector<bf::Index> counts[6];
  for (int run = 1; run <= runs; ++run) {
    Net net;
    bf::Random random(static_cast<std::uint64_t>(run));
    net.initialize(bf::Glorot{}, random);
    counts[0].push_back(bisect(net, task, [&](Net& trained, int iterations) {
      bf::fit_least_squares(trained, data, {.iterations = iterations});
    }));
    counts[1].push_back(kalman(net, task));
    counts[2].push_back(bisect(net, task, [&](Net& trained, int iterations) {
      bf::fit_lbfgs(trained, bf::HalfSquaredError{}, data, {.iterations = iterations});
    }));
    counts[3].push_back(full_batch(net, task, bf::Rprop{}));
    counts[4].push_back(full_batch(net, task, bf::Adam{.learning_rate = 0.1}));
    counts[5].push_back(full_batch(net, task, bf::Momentum{.learning_rate = 0.3, .momentum = 0.9}));
  }
  const char* const names[6] = {
      "Levenberg-Marquardt", "Kalman filter (epochs)",    "L-BFGS", "Rprop",
      "Adam, η = 0.1",       "momentum, η = 0.3, μ = 0.9"};
  std::printf("| | median | least–largest | runs that reach it |\n| --- | ---: | ---: | ---: |\n");
  for (int i = 0; i < 6; ++i) print(names[i], counts[i]);
  return 2 * std::count(counts[0].begin(), counts[0].end(), -1) < runs;
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const int runs = quick ? 2 : 30;
  const bf::Index most = quick ? 500 : 20000;
  std::printf("Sine, 1-5-1, mean squared error 0.002\n");
  const bool sine_learnt = compare<Sine>(sine(most), runs);
  std::printf("Parity of 3 bits, 3-10-10-1, mean squared error 0.001\n");
  const bool parity_learnt = compare<Parity>(parity(most), runs);
  return sine_learnt && parity_learnt ? 0 : 1;
}
