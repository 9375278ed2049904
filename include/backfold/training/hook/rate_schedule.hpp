// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/training/learning_rate.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Progress of training, for a schedule.
struct ScheduleTime {
  double epoch;   ///< epochs completed
  double epochs;  ///< of the whole training
  double step;    ///< steps done
  double steps;   ///< of the whole training, if every batch has a target
};

/// A schedule of the learning rate: a hook that only gives a factor of the initial rate. It sets
/// the rate before each epoch or, with `static constexpr bool each_step = true`, before each step.
template <class H>
concept RateSchedule = requires(const H& schedule, const ScheduleTime& time) {
  { schedule.factor(time) } -> std::convertible_to<double>;
  (schedule.check)();
};

namespace detail {

template <class T>
constexpr void check_has_learning_rate() {
  static_assert(follows_learning_rate<typename T::OptimizerType>(),
                "backfold: a schedule sets the learning rate of each step: this optimizer's steps "
                "do not use one");
}

template <class T>
void check_schedules_alone(const T& training) {
  if (training.options().final_rate != 1) {
    fail_argument("schedule: final_rate sets the learning rate too, expected 1, got ",
                  training.options().final_rate);
  }
}

/// Sets η = η₀ · factor. @throws std::invalid_argument for a factor below 0 or not finite
template <class T>
void set_rate(T& training, double factor) {
  if constexpr (follows_learning_rate<typename T::OptimizerType>()) {
    if (!(factor >= 0 && is_finite(factor))) {
      fail_argument("schedule: a factor must be finite and >= 0, got ", factor);
    }
    set_learning_rate(training.optimizer(), training.first_learning_rate() * factor);
  }
}

/// Time at the end of an epoch, or after a number of steps of the present one.
template <class T>
ScheduleTime schedule_time(const T& training, bool within_epoch) {
  const double per_epoch = double(training.steps_per_epoch());
  const double done = within_epoch ? (std::min)(double(training.step()), per_epoch) - per_epoch : 0;
  const double step = double(training.epoch()) * per_epoch + done;
  return {std::floor(step / per_epoch), double(training.last_epoch()), step,
          double(training.last_epoch()) * per_epoch};
}

template <class H>
inline constexpr bool sets_each_step = requires {
  requires H::each_step;
};

template <class T, RateSchedule H>
void begin_schedule(T& training, const H& schedule) {
  check_has_learning_rate<T>();
  check_schedules_alone(training);
  (schedule.check)();
  if (training.last_epoch() == 0) return;  // a part of no epochs is no number
  set_rate(training, schedule.factor(schedule_time(training, false)));
}
template <class T, RateSchedule H>
void follow_schedule(T& training, const H& schedule, bool within_epoch) {
  set_rate(training, schedule.factor(schedule_time(training, within_epoch)));
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
