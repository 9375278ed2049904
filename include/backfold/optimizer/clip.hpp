// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>

#include "backfold/core/norm.hpp"
#include "backfold/optimizer/changed_gradient.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Any optimizer with the norm of the gradient limited to c: ∇E ← ∇E · min(1, c/|∇E|) over the
/// whole vector.
///
///     bf::ClipNorm{bf::Adam{.learning_rate = 1e-3}, 1.0}
///
/// Source: Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks
/// (2013).
template <class O>
struct ClipNorm : detail::ChangedGradient<ClipNorm<O>, O> {
  static constexpr const char* name = "ClipNorm";
  double largest_norm;  ///< c > 0

  ClipNorm(const O& optimizer, double norm)
      : detail::ChangedGradient<ClipNorm<O>, O>{optimizer}, largest_norm(norm) {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (this->inner.check)();
    detail::check_above_zero("ClipNorm: largest_norm", largest_norm);
  }
  template <Real S, class Ranges>
  double change(const S*, S* gradient, Index n, const Ranges& ranges) const {
    const auto [largest, relative] = detail::norm_parts(gradient, n);
    const double largest_allowed = largest_norm / relative;
    if (largest <= largest_allowed) return 0;
    const double factor = largest_allowed / largest;
    ranges.for_each(n, [&](Index first, Index count) {
      for (Index i = first; i < first + count; ++i)
        gradient[i] = static_cast<S>(static_cast<double>(gradient[i]) * factor);
    });
    return 0;
  }
};

/// Any optimizer with each entry of the gradient clamped to [−c, c].
template <class O>
struct ClipValue : detail::ChangedGradient<ClipValue<O>, O> {
  static constexpr const char* name = "ClipValue";
  double largest_value;  ///< c > 0

  ClipValue(const O& optimizer, double value)
      : detail::ChangedGradient<ClipValue<O>, O>{optimizer}, largest_value(value) {}

  /// @throws std::invalid_argument for settings out of range
  void(check)() const {
    (this->inner.check)();
    detail::check_above_zero("ClipValue: largest_value", largest_value);
  }
  template <Real S, class Ranges>
  double change(const S*, S* gradient, Index n, const Ranges& ranges) const {
    constexpr double most = double((std::numeric_limits<S>::max)());
    const S c = static_cast<S>((std::min)(largest_value, most));
    ranges.for_each(n, [&](Index first, Index count) {
      for (Index i = first; i < first + count; ++i) {
        gradient[i] = gradient[i] > c ? c : gradient[i] < -c ? -c : gradient[i];
      }
    });
    return 0;
  }
};

BACKFOLD_END_NAMESPACE
