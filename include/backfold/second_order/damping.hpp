// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Damping μ of Levenberg-Marquardt steps. It falls, by a factor of at most 3, if the model
/// predicted the decrease of E well. While steps fail it rises ever faster, so few are tried in
/// vain.
///
/// Source: Nielsen, Damping parameter in Marquardt's method (1999).
class Damping {
 public:
  explicit Damping(double first) : value_(first) {}

  [[nodiscard]] double value() const { return value_; }
  /// True if μ has become so large that steps vanish.
  [[nodiscard]] bool is_exhausted() const { return !(value_ < largest); }

  /// Reduces μ strongly, for a step that only damping keeps short. @return false if μ is minimal,
  /// or if a longer step has just failed
  bool lower() {
    if (growth_ > 2 || value_ <= smallest) return false;
    value_ = (std::max)(value_ / 1000, smallest);
    return true;
  }

  /// @param gain actual decrease of E divided by the predicted one
  void accept(double gain) {
    const double off = 2 * (std::min)(gain, 1.0) - 1;
    value_ = (std::max)(value_ * (std::max)(1.0 / 3, 1 - off * off * off), smallest);
    growth_ = 2;
  }
  void reject() {
    value_ *= growth_;
    growth_ *= 2;
  }

 private:
  // Their roots are added to numbers of order 1, in float too.
  static constexpr double smallest = 1e-30;
  static constexpr double largest = 1e30;
  double value_;
  double growth_ = 2;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
