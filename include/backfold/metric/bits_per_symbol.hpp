// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "backfold/metric/classification.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The mean of −log₂ of the probability that the outputs give to the true class: the bits that a
/// code by these predictions needs for a symbol. 0 is certain and right, log₂ of the number of
/// classes an even guess, infinite if a true class had probability 0 (nothing is clipped).
///
/// Outputs are probabilities, as of a softmax (or one of a sigmoid, for yes); targets those of
/// ConfusionMatrix.
class BitsPerSymbol : public detail::TakesBatches<BitsPerSymbol> {
 public:
  /// @throws std::invalid_argument as ConfusionMatrix::add, and naming outputs that are no
  /// probabilities: outside 0 to 1, or with another sum than 1 (to 1e-3)
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
