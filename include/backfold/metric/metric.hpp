// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>

#include "backfold/core/as_matrix.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Metric that compares outputs with targets, batch by batch:
///
///     bf::RSquared quality;
///     for (...) quality.add(net(X), Z);      // or add(net(X), Z, weights)
///     quality.value();
///
/// Outputs and targets are Eigen matrices, arrays or expressions. Samples are columns. A weight
/// multiplies a sample's count; a sample of weight 0 is masked: it is not read and may be NaN.
/// Weights are a vector of Eigen or of the standard library, or anything with size() and
/// operator[]. A metric is a value: assign a new one to begin again.
template <class M>
concept Metric = std::copyable<M> &&
    requires(M metric, const Matrix<double>& y, const Vector<double>& weights) {
  metric.add(y, y);
  metric.add(y, y, weights);
  { static_cast<const M&>(metric).value() } -> std::convertible_to<double>;
};

namespace detail {

/// Weights of 1 for all samples.
struct EqualWeights {
  static constexpr double of(Index) { return 1; }
  void check_weights(const char*, Index) const {}
};

/// Weights from the caller.
template <class W>
struct GivenWeights {
  const W& weights;

  [[nodiscard]] double of(Index column) const {
    if constexpr (requires { weights.innerSize(); }) {  // Eigen's
      return static_cast<double>(weights[column]);
    } else {
      return static_cast<double>(weights[static_cast<std::size_t>(column)]);
    }
  }

  /// @throws std::invalid_argument for a wrong number of weights, or a weight that is negative or
  /// not finite
  void check_weights(const char* metric, Index columns) const {
    const auto count = static_cast<Index>(weights.size());
    if (count != columns) {
      fail_argument(metric, ": expected ", columns, " weights, one for each column, got ", count);
    }
    for (Index c = 0; c < columns; ++c) {
      if (!(of(c) >= 0 && is_finite(of(c)))) {
        fail_argument(metric, ": weight ", c, " is ", of(c), ", expected >= 0");
      }
    }
  }
};
template <class W>
GivenWeights(const W&) -> GivenWeights<W>;

/// Base with the two forms of `add`, without and with weights, for a metric with take(outputs,
/// targets, weights).
template <class M>
class TakesBatches {
 public:
  template <class Y, class Z>
  void add(const Eigen::DenseBase<Y>& outputs, const Eigen::DenseBase<Z>& targets) {
    static_cast<M&>(*this).take(as_matrix(outputs), as_matrix(targets), EqualWeights{});
  }
  template <class Y, class Z, class W>
  void add(const Eigen::DenseBase<Y>& outputs, const Eigen::DenseBase<Z>& targets,
           const W& weights) {
    static_cast<M&>(*this).take(as_matrix(outputs), as_matrix(targets), GivenWeights{weights});
  }
};

/// @throws std::invalid_argument if a sample with nonzero weight is not finite: NaN cannot be
/// ordered
template <class Y, class Weights>
void check_numbers(const char* what, const Eigen::MatrixBase<Y>& y, const Weights& weights) {
  for (Index c = 0; c < y.cols(); ++c) {
    if (weights.of(c) == 0) continue;
    for (Index i = 0; i < y.rows(); ++i) {
      if (!is_finite(static_cast<double>(y(i, c)))) {
        fail_argument(what, " hold a number that is not finite at row ", i, ", column ", c);
      }
    }
  }
}

/// Checks that outputs and targets have equal sizes and are finite where the weight is not 0.
template <class Y, class Z, class Weights>
void check_outputs(const char* metric, const Eigen::MatrixBase<Y>& outputs,
                   const Eigen::MatrixBase<Z>& targets, const Weights& weights) {
  if (outputs.rows() != targets.rows() || outputs.cols() != targets.cols()) {
    fail_argument(metric, ": outputs are ", outputs.rows(), " x ", outputs.cols(), ", targets ",
                  targets.rows(), " x ", targets.cols());
  }
  weights.check_weights(metric, outputs.cols());
  check_numbers("outputs", outputs, weights);
  check_numbers("targets", targets, weights);
}

/// @throws std::invalid_argument for a batch with another number of rows than earlier ones
inline void check_rows(const char* metric, Index rows, Index before) {
  if (rows != before) {
    fail_argument(metric, ": outputs have ", rows, " rows, those of earlier batches ", before);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
