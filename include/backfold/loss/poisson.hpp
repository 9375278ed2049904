// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/math.hpp"
#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Negative log-likelihood of counts z under a Poisson distribution whose rate is e^y, without its
/// constant ln z!: E = Σ e^y − z y; ∂E/∂y = e^y − z. For a linear output y, the logarithm of the
/// rate, and targets >= 0. PyTorch's PoissonNLLLoss (log_input), summed.
///
/// `fit` refuses negative targets, with which E has no minimum.
struct Poisson {
  template <class V>
  [[nodiscard]] V value(const V& y, const V& z) const {
    // If e^y overflows, z y is dropped, so that the difference is infinite and not NaN.
    constexpr auto largest = detail::MathConstants<typename V::Scalar>::largest;
    return exp(y) - z * select(y > V(largest), V(0), y);
  }
  template <class V>
  [[nodiscard]] V derivative(const V& y, const V& z) const {
    return exp(y) - z;
  }
  /// @throws std::invalid_argument unless each target is >= 0
  template <Real S>
  void check_targets(const S* z, Index units, Index column) const {
    for (Index i = 0; i < units; ++i) {
      if (!(z[i] >= 0)) {
        fail_argument("data: the target at row ", i, ", column ", column, " is ", double(z[i]),
                      ", Poisson needs >= 0");
      }
    }
  }
};

BACKFOLD_END_NAMESPACE
