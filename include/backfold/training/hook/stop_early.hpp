// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/training/hook/validate.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings of StopEarly.
struct StopEarlyOptions {
  Index patience = 10;      ///< consecutive losses without a gain that end training, >= 1
  double minimum_gain = 0;  ///< a loss is a gain below best − minimum_gain, >= 0
  double target_loss = -(std::numeric_limits<double>::max)();  ///< ends training at or below it

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    if (patience < 1) fail_argument("StopEarly: patience must be >= 1, got ", patience);
    if (!(minimum_gain >= 0 && is_finite(minimum_gain))) {
      fail_argument("StopEarly: minimum_gain must be finite and >= 0, got ", minimum_gain);
    }
    if (!is_finite(target_loss)) {
      fail_argument("StopEarly: target_loss must be finite, got ", target_loss);
    }
  }
};

/// Hook that ends training (History::status is Stopped) when the loss no longer falls or is small
/// enough. The loss is the epoch's, or a Validate's, which must then precede this hook.
///
///     bf::fit(net, loss, bf::Adam{}, data, {.epochs = 500}, validate,
///             bf::StopEarly({.patience = 5}, validate), bf::KeepBest(validate));
///
/// The best loss is kept over all runs of a Trainer; the patience starts anew in each run. Source:
/// Prechelt, Early stopping — but when? (1998), criterion UP_s for one epoch a strip. Differs: it
/// compares with the best loss, not with the previous one.
class StopEarly {
 public:
  explicit StopEarly(const StopEarlyOptions& options = {}) : options_(options) {}
  StopEarly(const StopEarlyOptions& options, const HeldOutLoss& held_out)
      : options_(options), watched_(held_out) {}
  StopEarly(const StopEarlyOptions& options, const HeldOutLoss&& held_out) = delete;

  template <class T>
  void begin(T& training) {
    (options_.check)();
    watched_.begin("StopEarly");
    if (training.epoch() == 0) best_ = (std::numeric_limits<double>::max)();
    without_gain_ = 0;
  }
  template <class T>
  bool after_epoch(T&, const EpochReport& report) {
    if (!watched_.has_loss(report)) return true;
    const double loss = watched_.loss(report);
    if (loss <= options_.target_loss) return false;
    if (loss < best_ - options_.minimum_gain) {
      best_ = loss;
      without_gain_ = 0;
      return true;
    }
    return ++without_gain_ < options_.patience;
  }

  /// Calls f(name, numbers, count) for all values that later epochs depend on.
  template <class Function>
  void for_each_value(const Function& f) {
    f("best", &best_, Index{1});
    f("without_gain", &without_gain_, Index{1});
  }

 private:
  StopEarlyOptions options_;
  detail::WatchedLoss watched_;
  double best_ = (std::numeric_limits<double>::max)();
  Index without_gain_ = 0;
};

BACKFOLD_END_NAMESPACE
