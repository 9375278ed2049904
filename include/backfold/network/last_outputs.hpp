// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "backfold/network/sequence_ends.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Output at the last step of each sequence; 0 for a sequence of length 0.
///
///     auto Y = run(net, X, steps, workspace, {.lengths = lengths});
///     Eigen::MatrixXd last = last_outputs(Y, lengths);   // outputs × batch
///
/// @param outputs outputs × (batch·steps), time-major, @param lengths one for each sequence
/// @throws std::invalid_argument for lengths that exceed the steps of the outputs
template <class Y>
[[nodiscard]] auto last_outputs(const Eigen::DenseBase<Y>& outputs,
                                std::span<const Index> lengths) {
  const auto batch = static_cast<Index>(lengths.size());
  if (batch == 0 || outputs.cols() % batch != 0) {
    fail_argument("last_outputs: ", outputs.cols(), " columns are no whole number of steps of ",
                  batch, " sequences");
  }
  detail::check_lengths("last_outputs", lengths.data(), batch, outputs.cols() / batch);
  Matrix<typename Y::Scalar, Y::RowsAtCompileTime> last(outputs.rows(), batch);
  for (Index b = 0; b < batch; ++b) {
    const Index length = lengths[static_cast<std::size_t>(b)];
    if (length == 0) {
      last.col(b).setZero();
    } else {
      last.col(b) = outputs.derived().matrix().col((length - 1) * batch + b);
    }
  }
  return last;
}

BACKFOLD_END_NAMESPACE
