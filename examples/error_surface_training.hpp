// SPDX-License-Identifier: MIT
// Learning curves: online against batch learning, and sigmoid against tanh and ReLU.
#pragma once

#include <algorithm>
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "learning_curve.hpp"
#include "picture.hpp"

namespace bf = backfold;

/// Inputs and targets in columns.
struct Set {
  Eigen::MatrixXd X, Z;
};

/// sin(x) + 0.3x with noise of standard deviation 0.1.
inline Set noisy_function(bf::Index n) {
  Set set{Eigen::MatrixXd(1, n), Eigen::MatrixXd(1, n)};
  bf::Random random(1);
  for (bf::Index s = 0; s < n; ++s) {
    const double x = bf::uniform(random, -3, 3);
    set.X(0, s) = x;
    set.Z(0, s) = std::sin(x) + 0.3 * x + 0.1 * bf::normal(random);
  }
  return set;
}

/// Two half rings, one in the other, as two classes.
inline Set half_rings(bf::Index n) {
  Set set{Eigen::MatrixXd(2, n), Eigen::MatrixXd(1, n)};
  bf::Random random(1);
  for (bf::Index s = 0; s < n; ++s) {
    const double angle = bf::uniform(random, 0, std::numbers::pi);
    const bool second = s % 2 == 1;
    set.X(0, s) = (second ? 1 - std::cos(angle) : std::cos(angle)) + 0.1 * bf::normal(random);
    set.X(1, s) = (second ? 0.5 - std::sin(angle) : std::sin(angle)) + 0.1 * bf::normal(random);
    set.Z(0, s) = second ? 1 : 0;
  }
  return set;
}

/// E over all data before training and after each epoch. It ends early where E is not finite.
template <class Net, class L, class I>
std::vector<double> learn(const Set& set, const L& loss, const I& initializer, double rate,
                          const bf::FitOptions& options) {
  Net net;
  bf::Random random(options.seed);
  net.initialize(initializer, random);
  bf::Workspace workspace(net, set.X.cols(), 1, bf::Purpose::Forward);
  const bf::Samples data(set.X, set.Z);
  std::vector<double> errors;
  const auto note = [&] {
    errors.push_back(bf::loss_of(net, loss, data, workspace, {.reduction = bf::Reduction::Mean}));
  };
  note();
  bf::fit(net, loss, bf::Sgd{.learning_rate = rate}, data, options,
          [&](const bf::EpochReport&) { note(); });
  return errors;
}

/// Learning curves of several starts.
struct Runs {
  std::string label;
  double rate = 0;
  std::vector<std::vector<double>> errors;

  /// Of all starts, the run in the middle by the epochs until E stays below a bound.
  [[nodiscard]] std::size_t middle(double bound) const {
    std::vector<std::pair<int, std::size_t>> order;
    for (std::size_t i = 0; i < errors.size(); ++i) {
      const int epochs = steps_to(errors[i], bound);
      order.emplace_back(epochs < 0 ? std::numeric_limits<int>::max() : epochs, i);
    }
    std::sort(order.begin(), order.end());
    return order[order.size() / 2].second;
  }
  /// Median of the epochs until E stays below a bound, or −1.
  [[nodiscard]] int epochs_to(double bound) const { return steps_to(errors[middle(bound)], bound); }
  /// Median of E after the last epoch.
  [[nodiscard]] double last() const {
    std::vector<double> ends;
    for (const auto& run : errors) {
      ends.push_back(std::isnan(run.back()) ? std::numeric_limits<double>::infinity() : run.back());
    }
    std::sort(ends.begin(), ends.end());
    return ends[ends.size() / 2];
  }
};

/// SGD on a net 1-8-1 in batches of one sample, ten, and all.
///
/// @param final_rate the last η as a part of the first
inline Runs in_batches(std::string label, bf::Index batch, double rate, double final_rate,
                       int epochs, int starts) {
  using Net = bf::Mlp<double, bf::Input<1>, bf::Dense<8, bf::Tanh>, bf::Dense<1, bf::Linear>>;
  static const Set set = noisy_function(200);
  Runs runs{std::move(label), rate, {}};
  for (int seed = 1; seed <= starts; ++seed) {
    runs.errors.push_back(learn<Net>(set, bf::HalfSquaredError{}, bf::Glorot{}, rate,
                                     {.epochs = epochs,
                                      .batch_size = batch,
                                      .seed = std::uint64_t(seed),
                                      .final_rate = final_rate}));
  }
  return runs;
}

/// A net with one or three hidden layers of 16 units separates the half rings, at that η of a list
/// at which the median of the epochs until E < bound is least.
template <class A, int HiddenLayers, class I>
Runs with_activation(const std::string& name, const I& initializer, double bound, int epochs,
                     int starts) {
  using Hidden = bf::Dense<16, A>;
  using Output = bf::Dense<1, bf::Sigmoid>;
  using Net = std::conditional_t<HiddenLayers == 1, bf::Mlp<double, bf::Input<2>, Hidden, Output>,
                                 bf::Mlp<double, bf::Input<2>, Hidden, Hidden, Hidden, Output>>;
  static const Set set = half_rings(400);
  Runs best;
  int least = std::numeric_limits<int>::max();
  for (const double rate : {0.1, 0.3, 1.0, 3.0, 10.0, 30.0}) {
    Runs runs{name + ", η = " + number(rate), rate, {}};
    for (int seed = 1; seed <= starts; ++seed) {
      runs.errors.push_back(
          learn<Net>(set, bf::BinaryCrossEntropy{}, initializer, rate,
                     {.epochs = epochs, .batch_size = 20, .seed = std::uint64_t(seed)}));
    }
    const int needed = runs.epochs_to(bound);
    if (best.errors.empty() || (needed >= 0 && needed < least)) {
      if (needed >= 0) least = needed;
      best = std::move(runs);
    }
  }
  return best;
}
