// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/data/samples.hpp"

namespace backfold::inline BACKFOLD_ABI {

/// Gathers chosen sequences of a source (Sequences or Windows) into one time-major batch.
template <Real S>
class BatchBuffer {
 public:
  /// Makes room for batches of up to `batch` sequences like `one`.
  BatchBuffer(const Sequences<S>& one, Index batch)
      : inputs_(one.inputs.rows(), one.inputs.cols() * batch),
        targets_(one.targets.rows(), one.targets.cols() * batch),
        weights_(one.weights == nullptr ? 0 : one.targets.cols() * batch),
        lengths_(one.lengths == nullptr ? 0 : static_cast<std::size_t>(batch)) {}

  /// The sequences order[0..batch) of the source. Allocates nothing.
  template <class Source>
  Sequences<S> gather(const Source& source, const Index* order, Index batch) {
    for (Index b = 0; b < batch; ++b) {
      const Sequences<S> one = source[order[b]];
      spread(one.inputs, inputs_.data(), b, batch);
      spread(one.targets, targets_.data(), b, batch);
      for (Index t = 0; t < one.targets.cols() && one.weights != nullptr; ++t) {
        weights_[t * batch + b] = one.weights[t * one.weight_stride];
      }
      if (one.lengths != nullptr) lengths_[static_cast<std::size_t>(b)] = one.lengths[0];
    }
    const Sequences<S> first = source[order[0]];
    Sequences<S> result(Samples<S>(
        ConstMatrixView<S>(inputs_.data(), inputs_.rows(), first.inputs.cols() * batch),
        ConstMatrixView<S>(targets_.data(), targets_.rows(), first.targets.cols() * batch)));
    result.steps = first.steps;
    result.targets_at = first.targets_at;
    if (first.weights != nullptr) {
      result.weights = weights_.data();
      result.weight_count = result.targets.cols();
    }
    if (first.lengths != nullptr) result.lengths = lengths_.data();
    return result;
  }

 private:
  /// Column t of `from` becomes column t·batch + b of `to`.
  static void spread(const ConstMatrixView<S>& from, S* to, Index b, Index batch) {
    const Index rows = from.rows();
    for (Index t = 0; t < from.cols(); ++t) {
      const S* const source = from.column(t);
      S* const target = to + (t * batch + b) * rows;
      for (Index i = 0; i < rows; ++i) target[i] = source[i];
    }
  }

  Matrix<S> inputs_, targets_;
  Vector<S> weights_;
  std::vector<Index> lengths_;
};

}  // namespace backfold::inline BACKFOLD_ABI
