// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "backfold/core/error.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/hook/rate_schedule.hpp"
#include "backfold/training/hook/validate.hpp"
#include "backfold/training/learning_rate.hpp"

/// Schedules of the learning rate, as hooks of `fit` and `Trainer::run`:
///
///     fit(net, loss, bf::Adam{.learning_rate = 0.01}, data, {.epochs = 100}, bf::CosineDecay{})
///
/// A schedule gives a factor of η₀, the optimizer's learning rate at the start of training. It sets
/// the rate before each epoch (OneCycle and the rise of WarmUp: before each step), counted over all
/// runs of a Trainer; a rate set between runs is overwritten. `epochs` in the formulas is the
/// number in the options or, if larger, the last epoch of the run. Use one schedule per run: two
/// would overwrite each other's rates.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

inline void check_part(const char* name, double value) {
  if (!(value >= 0 && value <= 1)) fail_argument(name, " must lie between 0 and 1, got ", value);
}

}  // namespace detail

/// Schedule of your own: η = η₀ · f, with f(epochs completed), or f(time) of a ScheduleTime.
///
///     bf::Schedule{[](bf::Index epoch) { return 1.0 / (1.0 + 0.1 * double(epoch)); }}
template <class F>
struct Schedule {
  F function;

  void(check)() const {}
  [[nodiscard]] double factor(const ScheduleTime& time) const {
    if constexpr (std::is_invocable_v<const F&, const ScheduleTime&>) {
      return static_cast<double>(function(time));
    } else {
      static_assert(std::is_invocable_v<const F&, Index>,
                    "backfold: Schedule takes a function of the epoch or of a ScheduleTime");
      return static_cast<double>(function(static_cast<Index>(time.epoch)));
    }
  }
};
template <class F>
Schedule(F) -> Schedule<F>;

/// Constant rate: η = η₀. For WarmUp without a schedule after it.
struct ConstantRate {
  void(check)() const {}
  [[nodiscard]] double factor(const ScheduleTime&) const { return 1; }
};

/// Step decay, by a factor every `every` epochs: η = η₀ · decay^⌊epoch / every⌋.
///
/// As torch.optim.lr_scheduler.StepLR.
struct StepDecay {
  Index every = 10;    ///< epochs, >= 1
  double decay = 0.1;  ///< >= 0

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    if (every < 1) fail_argument("StepDecay: every must be >= 1, got ", every);
    detail::check_not_negative("StepDecay: decay", decay);
  }
  [[nodiscard]] double factor(const ScheduleTime& time) const {
    return std::pow(decay, std::floor(time.epoch / double(every)));
  }
};

/// Exponential decay, by a factor each epoch: η = η₀ · decay^epoch.
///
/// As torch.optim.lr_scheduler.ExponentialLR.
struct ExponentialDecay {
  double decay = 0.95;  ///< >= 0

  /// @throws std::invalid_argument for settings out of range
  void(check)() const { detail::check_not_negative("ExponentialDecay: decay", decay); }
  [[nodiscard]] double factor(const ScheduleTime& time) const {
    return std::pow(decay, time.epoch);
  }
};

/// Decay along half a period of a cosine: η = η₀ (f + (1 − f)(1 + cos(π · epoch / epochs)) / 2).
///
/// Source: Loshchilov & Hutter, SGDR: stochastic gradient descent with warm restarts (2017),
/// without the restarts; as torch.optim.lr_scheduler.CosineAnnealingLR. The factor would reach f
/// after the last epoch.
struct CosineDecay {
  double final_factor = 0;  ///< f in [0, 1]

  /// @throws std::invalid_argument for settings out of range
  void(check)() const { detail::check_part("CosineDecay: final_factor", final_factor); }
  [[nodiscard]] double factor(const ScheduleTime& time) const {
    const double passed = (std::min)(time.epoch / time.epochs, 1.0);
    return final_factor + (1 - final_factor) * (1 + std::cos(std::numbers::pi * passed)) / 2;
  }
};

/// Linear decay that ends in the last epoch: η = η₀ (1 − (1 − f) · epoch / (epochs − 1)); η₀ in a
/// training of one epoch. `final_rate` of FitOptions does this without a hook.
///
/// As torch.optim.lr_scheduler.LinearLR from 1 to f over epochs − 1.
struct LinearDecay {
  double final_factor = 0;  ///< f in [0, 1], in the last epoch

  /// @throws std::invalid_argument for settings out of range
  void(check)() const { detail::check_part("LinearDecay: final_factor", final_factor); }
  [[nodiscard]] double factor(const ScheduleTime& time) const {
    const double last = (std::max)(time.epochs - 1, 0.0);
    return detail::linear_factor((std::min)(time.epoch, last), time.epochs, final_factor);
  }
};

/// Linear rise over the first k epochs, step by step, followed by another schedule, whose time
/// starts there: η = η₀ (s + (1 − s) · step / n) with n steps in k epochs.
///
///     bf::WarmUp{bf::CosineDecay{}, 5}
///
/// Source: Goyal et al., Accurate, large minibatch SGD: training ImageNet in 1 hour (2017); as
/// torch.optim.lr_scheduler.LinearLR at each batch, then the other one at each epoch.
template <class Then>
struct WarmUp {
  static constexpr bool each_step = true;
  Then then;                ///< a schedule of epochs, or ConstantRate
  double epochs;            ///< k > 0
  double start_factor = 0;  ///< s in [0, 1], of the first step

  WarmUp(const Then& schedule, double epochs_of_rise, double start = 0)
      : then(schedule), epochs(epochs_of_rise), start_factor(start) {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (then.check)();
    detail::check_above_zero("WarmUp: epochs", epochs);
    detail::check_part("WarmUp: start_factor", start_factor);
  }
  [[nodiscard]] double factor(const ScheduleTime& time) const {
    const double rise = epochs * (time.steps / time.epochs);
    if (time.step < rise) return start_factor + (1 - start_factor) * (time.step / rise);
    return then.factor({(std::max)(time.epoch - epochs, 0.0), (std::max)(time.epochs - epochs, 1.0),
                        time.step - rise, (std::max)(time.steps - rise, 1.0)});
  }
};

/// Rises from s to 1 over a fraction p of all N steps and falls to f in the last one, both along
/// half a period of a cosine; η₀ is the highest rate. With u = step and r = p·N − 1:
///
///     η = η₀ (s + (1 − s)(1 − cos(π u / r)) / 2)                          for u <= r,
///     η = η₀ (f + (1 − f)(1 + cos(π (u − r) / (N − 1 − r))) / 2)          after.
///
/// Source: Smith & Topin, Super-convergence: very fast training of neural networks using large
/// learning rates (2018); as torch.optim.lr_scheduler.OneCycleLR. If p·N < 1, it begins within the
/// fall; a single step has the rate f·η₀. Differs: the momentum does not change, and the first step
/// has the rate η₀ if p·N = 1, where PyTorch divides by 0.
struct OneCycle {
  static constexpr bool each_step = true;
  double start_factor = 1.0 / 25;    ///< s in [0, 1]
  double final_factor = 1.0 / 25e4;  ///< f in [0, 1]
  double rise = 0.3;                 ///< p in [0, 1]

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    detail::check_part("OneCycle: start_factor", start_factor);
    detail::check_part("OneCycle: final_factor", final_factor);
    detail::check_part("OneCycle: rise", rise);
  }
  [[nodiscard]] double factor(const ScheduleTime& time) const {
    const double last = time.steps - 1, top = rise * time.steps - 1;
    if (time.step <= top) return top > 0 ? blend(start_factor, time.step / top) : 1;
    if (time.step >= last) return final_factor;
    return blend(final_factor, 1 - (time.step - top) / (last - top));
  }

 private:
  /// From `low` at u = 0 to 1 at u = 1.
  static double blend(double low, double u) {
    return low + (1 - low) * (1 - std::cos(std::numbers::pi * u)) / 2;
  }
};

/// Settings of ReduceOnPlateau.
struct PlateauOptions {
  double decay = 0.1;          ///< in [0, 1], factor of the rate
  Index patience = 10;         ///< tolerated losses without a gain, >= 0
  double minimum_gain = 1e-4;  ///< relative to the best loss, in [0, 1)
  Index cooldown = 0;          ///< uncounted losses after a reduction, >= 0
  double smallest_rate = 0;    ///< of η

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    detail::check_part("ReduceOnPlateau: decay", decay);
    if (patience < 0) fail_argument("ReduceOnPlateau: patience must be >= 0, got ", patience);
    detail::check_setting("ReduceOnPlateau: minimum_gain", minimum_gain, 0, 1);
    if (cooldown < 0) fail_argument("ReduceOnPlateau: cooldown must be >= 0, got ", cooldown);
    detail::check_not_negative("ReduceOnPlateau: smallest_rate", smallest_rate);
  }
};

/// Lowers the rate when the loss no longer falls: η ← max(decay·η, smallest_rate) after more than
/// `patience` losses in a row that are not below best·(1 − minimum_gain). The loss is the epoch's,
/// or a Validate's, which must then precede this hook.
///
/// As torch.optim.lr_scheduler.ReduceLROnPlateau (mode min, threshold rel, eps 0). It changes the
/// present rate, so it cannot be combined with a schedule.
class ReduceOnPlateau {
 public:
  explicit ReduceOnPlateau(const PlateauOptions& options = {}) : options_(options) {}
  ReduceOnPlateau(const PlateauOptions& options, const HeldOutLoss& held_out)
      : options_(options), watched_(held_out) {}
  ReduceOnPlateau(const PlateauOptions& options, const HeldOutLoss&& held_out) = delete;

  template <class T>
  void begin(T& training) {
    detail::check_has_learning_rate<T>();
    detail::check_schedules_alone(training);
    (options_.check)();
    watched_.begin("ReduceOnPlateau");
    if (training.epoch() > 0) return;
    best_ = (std::numeric_limits<double>::max)();
    without_gain_ = 0;
    cooldown_ = 0;
  }
  template <class T>
  void after_epoch(T& training, const EpochReport& report) {
    if (!watched_.has_loss(report)) return;
    const double loss = watched_.loss(report);
    // Valid for negative losses too: a gain is relative to the magnitude.
    if (loss < best_ - options_.minimum_gain * std::abs(best_)) {
      best_ = loss;
      without_gain_ = 0;
    } else {
      ++without_gain_;
    }
    if (cooldown_ > 0) {
      --cooldown_;
      without_gain_ = 0;
    }
    if (without_gain_ <= options_.patience) return;
    cooldown_ = options_.cooldown;
    without_gain_ = 0;
    if constexpr (detail::follows_learning_rate<typename T::OptimizerType>()) {
      const double now = detail::learning_rate_of(training.optimizer());
      const double lower = (std::max)(now * options_.decay, options_.smallest_rate);
      if (lower < now) detail::set_learning_rate(training.optimizer(), lower);
    }
  }

  /// Calls f(name, numbers, count) for all values that later epochs depend on.
  template <class Function>
  void for_each_value(const Function& f) {
    f("best", &best_, Index{1});
    f("without_gain", &without_gain_, Index{1});
    f("cooldown", &cooldown_, Index{1});
  }

 private:
  PlateauOptions options_;
  detail::WatchedLoss watched_;
  double best_ = (std::numeric_limits<double>::max)();
  Index without_gain_ = 0;
  Index cooldown_ = 0;
};

BACKFOLD_END_NAMESPACE
