// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "backfold/core/array.hpp"
#include "backfold/training/hook/validate.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Hook that restores the parameters of the best epoch at the end of a run, even if a number that
/// is not finite ended it. The loss is a Validate's, which must precede this hook; without one it
/// is the training loss, which is measured while the parameters change during the epoch.
///
/// The best epoch is kept over all runs of a Trainer. The optimizer's state is not restored.
/// Allocates only in `begin`.
class KeepBest {
 public:
  KeepBest() = default;
  explicit KeepBest(const HeldOutLoss& held_out) : watched_(held_out) {}
  explicit KeepBest(const HeldOutLoss&& held_out) = delete;

  template <class T>
  void begin(T& training) {
    watched_.begin("KeepBest");
    const Index n = training.network().parameter_count();
    if (training.epoch() > 0 && parameters_.size() == n) return;
    if (parameters_.size() != n) parameters_ = detail::Array<double>(n);
    loss_ = (std::numeric_limits<double>::max)();
    epoch_ = 0;
  }
  template <class T>
  void after_epoch(T& training, const EpochReport& report) {
    if (!watched_.has_loss(report)) return;
    const double loss = watched_.loss(report);
    if (!(loss < loss_)) return;
    loss_ = loss;
    epoch_ = report.epoch;
    const auto* const w = training.network().parameters().data();
    for (Index i = 0; i < parameters_.size(); ++i) {
      parameters_.data()[i] = static_cast<double>(w[i]);
    }
  }
  template <class T>
  void end(T& training, const History&) {
    if (epoch_ == 0) return;
    auto* const w = training.network().parameters().data();
    using S = typename T::NetworkType::Scalar;
    for (Index i = 0; i < parameters_.size(); ++i) w[i] = static_cast<S>(parameters_.data()[i]);
  }

  /// The best epoch, from 1; 0 if there is none yet.
  [[nodiscard]] Index epoch() const { return epoch_; }
  [[nodiscard]] double loss() const { return loss_; }

  /// Calls f(name, numbers, count) for all values that later epochs depend on.
  template <class Function>
  void for_each_value(const Function& f) {
    f("parameters", parameters_.data(), parameters_.size());
    f("loss", &loss_, Index{1});
    f("epoch", &epoch_, Index{1});
  }

 private:
  detail::WatchedLoss watched_;
  detail::Array<double> parameters_;  ///< a double represents a float exactly
  double loss_ = (std::numeric_limits<double>::max)();
  Index epoch_ = 0;
};

BACKFOLD_END_NAMESPACE
