// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/array.hpp"
#include "backfold/core/size.hpp"
#include "backfold/data/sequences.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Gathers chosen sequences of a source (Sequences or Windows) into one time-major batch.
template <Real S>
class BatchBuffer {
 public:
  /// Allocates for batches of up to `batch` sequences like `one`.
  BatchBuffer(const Sequences<S>& one, Index batch)
      : inputs_(numbers(one.inputs.rows(), one.inputs.cols(), batch)),
        targets_(numbers(one.targets.rows(), one.targets.cols(), batch)),
        target_weights_(one.target_weights.rows() == 0
                            ? 0
                            : numbers(one.targets.rows(), one.targets.cols(), batch)),
        weights_(one.weights == nullptr ? 0 : numbers(1, one.targets.cols(), batch)),
        lengths_(one.lengths == nullptr ? 0 : batch),
        initial_states_(
            one.initial_states.rows() == 0 ? 0 : numbers(one.initial_states.rows(), 1, batch)),
        resets_(one.resets.empty() ? 0 : numbers(1, one.steps, batch)) {}

  /// The sequences order[0..batch) of the source. Allocates nothing.
  /// @throws std::invalid_argument if they exceed the capacity
  template <class Source>
  Sequences<S> gather(const Source& source, const Index* order, Index batch) {
    if (numbers(source[order[0]].inputs.rows(), source[order[0]].inputs.cols(), batch) >
        inputs_.size()) {
      fail_argument("fit: the batch has no room for ", batch, " sequences");
    }
    for (Index b = 0; b < batch; ++b) {
      const Sequences<S> one = source[order[b]];
      // Steps after the end of a sequence may be outside the caller's memory.
      const Index steps = one.lengths == nullptr ? one.steps : one.lengths[0];
      const Index targets =
          (std::min)(one.targets.cols(), one.targets_at == TargetsAt::LastStep ? Index{1} : steps);
      spread(one.inputs, steps, inputs_.data(), b, batch);
      spread(one.targets, targets, targets_.data(), b, batch);
      if (one.target_weights.rows() != 0) {
        spread(one.target_weights, targets, target_weights_.data(), b, batch);
      }
      for (Index t = 0; t < targets && one.weights != nullptr; ++t) {
        weights_.data()[t * batch + b] = one.weights[t * one.weight_stride];
      }
      if (one.lengths != nullptr) lengths_.data()[b] = one.lengths[0];
      if (one.initial_states.rows() != 0) {
        spread(one.initial_states, 1, initial_states_.data(), b, batch);
      }
      for (Index t = 0; t < one.resets.size(); ++t)
        resets_.data()[t * batch + b] = t < steps && one.resets[t];
    }
    const Sequences<S> first = source[order[0]];
    Sequences<S> result(Samples<S>(
        ConstMatrixView<S>(inputs_.data(), first.inputs.rows(), first.inputs.cols() * batch),
        ConstMatrixView<S>(targets_.data(), first.targets.rows(), first.targets.cols() * batch)));
    result.steps = first.steps;
    result.targets_at = first.targets_at;
    if (first.weights != nullptr) {
      result.weights = weights_.data();
      result.weight_count = result.targets.cols();
    }
    result.missing = first.missing;
    if (first.target_weights.rows() != 0) {
      result.target_weights =
          ConstMatrixView<S>(target_weights_.data(), result.targets.rows(), result.targets.cols());
    }
    if (first.lengths != nullptr) result.lengths = lengths_.data();
    if (first.initial_states.rows() != 0) {
      result.initial_states =
          ConstMatrixView<S>(initial_states_.data(), first.initial_states.rows(), batch);
    }
    if (!first.resets.empty()) {
      result.resets = ResetFlags(resets_.data(), first.steps * batch, 1);
    }
    return result;
  }

 private:
  BACKFOLD_NO_INLINE static Index numbers(Index rows, Index columns, Index batch) {
    return (detail::Size(rows) * columns * batch).value("fit: a batch of ", batch);
  }

  /// Copies column t of `from` to column t·batch + b of `to`, for the first columns.
  static void spread(const ConstMatrixView<S>& from, Index columns, S* to, Index b, Index batch) {
    const Index rows = from.rows();
    for (Index t = 0; t < columns; ++t) {
      detail::copy_numbers(from.column(t), to + (t * batch + b) * rows, rows);
    }
  }

  detail::Array<S> inputs_, targets_, target_weights_, weights_;
  detail::Array<Index> lengths_;
  detail::Array<S> initial_states_;
  detail::Array<unsigned char> resets_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
