// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <type_traits>

#include "backfold/core/types.hpp"
#include "backfold/training/history.hpp"
#include "backfold/training/hook/rate_schedule.hpp"

/// A hook is called while a Trainer runs. It has any of these functions; each may be a template on
/// the Trainer:
///
///     bool begin(Training& training);                      // before the first epoch of a run;
/// // false: no epochs; may be void
///     void after_gradient(Training& training, G gradient); // before the optimizer uses it
///     void after_step(Training& training);                 // after each step of the optimizer
///     bool after_epoch(Training& training, EpochReport&);  // false ends the run; may be void
///     void end(Training& training, const History&);        // after the last epoch of a run
///
/// `G` is an Eigen::Map of a vector of the network's scalar: the hook may change the gradient.
/// Optimizers clip after the hooks. A callable with an EpochReport is a hook with after_epoch only;
/// a RateSchedule is a hook without these functions.
///
/// Hooks are called in the order of the arguments, all of them even if one ends the run. `end` is
/// also called after a number that is not finite, but not after an exception.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class H, class T>
concept HasBegin = requires(H& hook, T& training) {
  hook.begin(training);
};
template <class H, class T>
concept HasAfterGradient = requires(H& hook, T& training, typename T::GradientView gradient) {
  hook.after_gradient(training, gradient);
};
template <class H, class T>
concept HasAfterStep = requires(H& hook, T& training) {
  hook.after_step(training);
};
template <class H, class T>
concept HasAfterEpoch = requires(H& hook, T& training, EpochReport& report) {
  hook.after_epoch(training, report);
};
template <class H, class T>
concept HasEnd = requires(H& hook, T& training, const History& history) {
  hook.end(training, history);
};
template <class H>
concept EpochCallback = requires(H& hook, EpochReport& report) {
  hook(report);
};

/// Names of a hook's functions. In a class derived from this and a hook, the name of each function
/// that the hook has is ambiguous.
struct HookNames {
  void begin();
  void after_gradient();
  void after_step();
  void after_epoch();
  void end();
};
template <class H>
struct HookProbe : H, HookNames {};

/// True if each function of a hook with one of these names can be called with the arguments;
/// otherwise it would be silently ignored.
template <class H, class T>
constexpr bool hook_names_fit() {
  using Plain = std::remove_cv_t<H>;
  if constexpr (std::is_class_v<Plain> && !std::is_final_v<Plain>) {
    using Probe = HookProbe<Plain>;
    return (HasBegin<H, T> || requires { &Probe::begin; }) &&
           (HasAfterGradient<H, T> || requires { &Probe::after_gradient; }) &&
           (HasAfterStep<H, T> || requires { &Probe::after_step; }) &&
           (HasAfterEpoch<H, T> || requires { &Probe::after_epoch; }) &&
           (HasEnd<H, T> || requires { &Probe::end; });
  }
  return true;
}

template <class H, class T>
inline constexpr bool is_hook =
    HasBegin<H, T> || HasAfterGradient<H, T> || HasAfterStep<H, T> || HasAfterEpoch<H, T> ||
    HasEnd<H, T> || EpochCallback<H> || RateSchedule<H>;

/// Refuses a type that is not a hook, with a one-line message.
template <class T, class... H>
constexpr void check_hooks() {
  constexpr bool names_fit = (hook_names_fit<H, T>() && ...);
  static_assert(names_fit,
                "backfold: a hook's functions are begin(training), after_gradient(training, "
                "gradient), after_step(training), after_epoch(training, report) and end(training, "
                "history): one of that name takes other arguments");
  static_assert(!names_fit || (is_hook<H, T> && ...),
                "backfold: after the options come hooks (a type with begin, after_gradient, "
                "after_step, after_epoch or end) and callables that take an EpochReport");
}

/// Result of a hook: true to continue.
template <class F>
bool should_continue(const F& call) {
  if constexpr (std::is_void_v<decltype(call())>) {
    call();
    return true;
  } else {
    return static_cast<bool>(call());
  }
}
template <class T, class H>
bool call_begin(T& training, H& hook) {
  if constexpr (HasBegin<H, T>) {
    return should_continue([&] { return hook.begin(training); });
  } else if constexpr (RateSchedule<H>) {
    begin_schedule(training, hook);
  }
  return true;
}
template <class T, class H>
void call_end(T& training, H& hook, const History& history) {
  if constexpr (HasEnd<H, T>) hook.end(training, history);
}

template <class T, class H>
bool call_after_epoch(T& training, H& hook, EpochReport& report) {
  if constexpr (HasAfterEpoch<H, T>) {
    return should_continue([&] { return hook.after_epoch(training, report); });
  } else if constexpr (RateSchedule<H>) {
    follow_schedule(training, hook, false);
  } else if constexpr (EpochCallback<H>) {
    return should_continue([&] { return hook(report); });
  }
  return true;
}

/// Replaces StepHooks if no hook uses single steps, so that nothing is compiled for them.
struct NoStepHooks {
  static constexpr bool sees_steps = false;
  static constexpr bool sees_gradients = false;
};

/// The hooks of a run, for calls inside an epoch.
template <class T, class... H>
class StepHooks;

template <class T, class First, class... Rest>
class StepHooks<T, First, Rest...> {
 public:
  static constexpr bool sees_steps =
      HasAfterStep<First, T> || sets_each_step<First> || StepHooks<T, Rest...>::sees_steps;
  static constexpr bool sees_gradients =
      HasAfterGradient<First, T> || StepHooks<T, Rest...>::sees_gradients;

  StepHooks(T& training, First& first, Rest&... rest)
      : training_(training), first_(first), rest_(training, rest...) {}

  void after_step() const {
    if constexpr (HasAfterStep<First, T>) {
      first_.after_step(training_);
    } else if constexpr (sets_each_step<First>) {
      follow_schedule(training_, first_, true);
    }
    rest_.after_step();
  }
  template <class G>
  void after_gradient(G& gradient) const {
    if constexpr (HasAfterGradient<First, T>) first_.after_gradient(training_, gradient);
    rest_.after_gradient(gradient);
  }

 private:
  T& training_;
  First& first_;
  StepHooks<T, Rest...> rest_;
};

template <class T>
class StepHooks<T> {
 public:
  static constexpr bool sees_steps = false;
  static constexpr bool sees_gradients = false;

  explicit StepHooks(T&) {}
  void after_step() const {}
  template <class G>
  void after_gradient(G&) const {}
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
