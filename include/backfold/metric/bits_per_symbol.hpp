// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "backfold/metric/classification.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Mean of −log₂ of the predicted probability of the true class: the code length per symbol under
/// these predictions. 0 is certain and right, log₂ of the number of classes is a uniform guess; it
/// is infinite if a true class had probability 0 (nothing is clipped).
///
/// Outputs are probabilities, as of Softmax (or of a single Sigmoid, for yes); targets as for
/// ConfusionMatrix.
class BitsPerSymbol : public detail::TakesBatches<BitsPerSymbol> {
 public:
  /// @throws std::invalid_argument as ConfusionMatrix::add, and for outputs that are not
  /// probabilities: outside [0, 1], or with a sum that differs from 1 by more than 1e-3
  using detail::TakesBatches<BitsPerSymbol>::add;

  /// @throws std::invalid_argument if there are no samples
  [[nodiscard]] double value() const {
    if (!(weight_ > 0)) fail_argument("bits_per_symbol: no samples");
    return bits_ / weight_;
  }

 private:
  friend detail::TakesBatches<BitsPerSymbol>;

  template <class Y, class Z, class Weights>
  void take(const Eigen::MatrixBase<Y>& outputs, const Eigen::MatrixBase<Z>& targets,
            const Weights& weights) {
    constexpr double tolerance = 1e-3;  // of sums of floats
    detail::check_classes("bits_per_symbol", outputs, targets, weights);
    double bits = 0, weight = 0;
    for (Index s = 0; s < outputs.cols(); ++s) {
      if (weights.of(s) == 0) continue;
      double total = 0;
      for (Index i = 0; i < outputs.rows(); ++i) {
        const double p = static_cast<double>(outputs(i, s));
        if (!(p >= 0 && p <= 1 + tolerance)) {
          fail_argument("bits_per_symbol: output ", p, " at row ", i, ", column ", s,
                        " is no probability");
        }
        total += p;
      }
      const Index label = detail::class_of(targets, s);
      double p = static_cast<double>(outputs((std::min)(label, outputs.rows() - 1), s));
      if (outputs.rows() == 1) {
        if (label == 0) p = 1 - p;
      } else if (std::abs(total - 1) > tolerance) {
        fail_argument("bits_per_symbol: the outputs of column ", s, " sum to ", total,
                      ", expected probabilities");
      }
      bits -= weights.of(s) * std::log2((std::min)((std::max)(p, 0.0), 1.0));
      weight += weights.of(s);
    }
    bits_ += bits;
    weight_ += weight;
  }

  double bits_ = 0, weight_ = 0;
};

BACKFOLD_END_NAMESPACE
