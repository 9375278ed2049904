// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "backfold/core/error.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/fit_options.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if an optimizer's next step uses a learning_rate set before it.
template <class O>
constexpr bool follows_learning_rate() {
  using Settings = std::remove_reference_t<decltype(innermost(std::declval<O&>()))>;
  if constexpr (requires { Settings::follows_learning_rate; }) {
    return Settings::follows_learning_rate;
  } else {
    return requires(Settings & settings) { settings.learning_rate = 1.0; };
  }
}

/// The learning rate of an optimizer, or 0 if it does not follow one.
template <class O>
double learning_rate_of(const O& optimizer) {
  if constexpr (follows_learning_rate<O>()) {
    return static_cast<double>(innermost(optimizer).learning_rate);
  } else {
    return 0;
  }
}

/// Sets the learning rate of an optimizer. @pre it follows one
template <class O>
void set_learning_rate(O& optimizer, double rate) {
  auto& learning_rate = innermost(optimizer).learning_rate;
  learning_rate = static_cast<std::remove_reference_t<decltype(learning_rate)>>(rate);
}

/// Sets the learning rate of an epoch, linear from the initial rate to its fraction `final_rate`.
template <class O>
void set_final_rate([[maybe_unused]] O& optimizer, [[maybe_unused]] const FitOptions& options,
                    [[maybe_unused]] double first_rate, [[maybe_unused]] Index epoch) {
  if constexpr (follows_learning_rate<O>()) {
    if (options.final_rate == 1) return;
    if (epoch >= options.epochs) {
      fail_argument("training: the learning rate has fallen to final_rate after ", options.epochs,
                    " epochs: set `epochs` to all that are to be run");
    }
    set_learning_rate(optimizer, first_rate * linear_factor(double(epoch), double(options.epochs),
                                                            options.final_rate));
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
