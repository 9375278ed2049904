// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/random.hpp"
#include "backfold/data/sequences.hpp"
#include "backfold/training/batch_buffer.hpp"
#include "backfold/training/check_learning.hpp"
#include "backfold/training/fit_options.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Steps t..t+n−1 of a batch; `lengths` is set to the remaining length of each sequence.
template <class S>
BACKFOLD_NO_INLINE Sequences<S> cut_steps(const Sequences<S>& batch, Index t, Index n,
                                          Index* lengths) {
  const Index b = batch.batch();
  Sequences<S> part = batch;
  part.inputs = {batch.inputs.column(t * b), batch.inputs.rows(), n * b,
                 batch.inputs.outerStride()};
  part.targets = {batch.targets.column(t * b), batch.targets.rows(), n * b,
                  batch.targets.outerStride()};
  part.steps = n;
  if (batch.weights != nullptr) {
    part.weights = batch.weights + t * b * batch.weight_stride;
    part.weight_count = n * b;
  }
  if (batch.target_weights.rows() != 0) {
    part.target_weights =
        ConstMatrixView<S>(batch.target_weights.column(t * b), batch.target_weights.rows(), n * b,
                           batch.target_weights.outerStride());
  }
  if (batch.lengths != nullptr) {
    for (Index i = 0; i < b; ++i) lengths[i] = std::clamp(batch.lengths[i] - t, Index{0}, n);
    part.lengths = lengths;
  }
  part.resets = batch.resets.part(t * b, n * b);
  if (t > 0) part.initial_states = ConstMatrixView<S>(nullptr, 0, 0);
  return part;
}

/// Selects the columns that training takes next: the order of the sequences in an epoch, its
/// division into batches, and the steps of each pass.
template <class Data, Real S>
class Batches {
 public:
  Batches(const Data& data, const FitOptions& options)
      : data_(data),
        count_(data.count()),
        batch_size_(options.batch_size == full_batch ? count_
                                                     : (std::min)(options.batch_size, count_)),
        truncation_(options.truncation),
        shuffles_(options.shuffle),
        random_(options.seed),
        order_(count_) {
    if constexpr (std::is_same_v<Data, Sequences<S>>) {
      is_plain_ = data.steps == 1 && data.weights == nullptr && data.lengths == nullptr &&
                  data.target_weights.rows() == 0 && data.initial_states.rows() == 0 &&
                  data.resets.empty();
    }
    std::iota(order_.data(), order_.data() + count_, Index{0});
  }

  /// @throws std::invalid_argument after a move from it
  void check_not_moved() const {
    if (order_.size() != count_) fail_argument("training: it has been moved from");
  }
  /// Draws the order of the next epoch.
  void begin_epoch() {
    if (shuffles_) shuffle(random_, order_.data(), count_);
  }

  /// Number of sequences of the source.
  [[nodiscard]] Index count() const { return count_; }
  /// Number of sequences in each batch except the last.
  [[nodiscard]] Index batch_size() const { return batch_size_; }
  /// Number of steps in each pass over sequences of `steps` steps, except the last pass.
  [[nodiscard]] Index steps_of_pass(Index steps) const {
    return truncation_ > 0 && truncation_ < steps ? truncation_ : steps;
  }
  /// Number of passes in an epoch.
  [[nodiscard]] Index passes() const {
    const Index steps = first().steps;
    return ((count_ - 1) / batch_size_ + 1) * ((steps - 1) / steps_of_pass(steps) + 1);
  }
  /// True if a batch is all of the data, in their order in memory.
  [[nodiscard]] bool is_whole() const {
    return std::is_same_v<Data, Sequences<S>> && batch_size_ == count_;
  }

  /// The first sequence of the source; all have its sizes.
  [[nodiscard]] Sequences<S> first() const { return data_[0]; }
  /// The sequence at position i of the order.
  Sequences<S> operator[](Index i) const { return data_[order_.data()[i]]; }
  /// The n sequences from position i of the order on, gathered in a buffer unless they are
  /// adjacent.
  [[nodiscard]] Sequences<S> take(Index i, Index n, BatchBuffer<S>& buffer) const {
    if (batch_size_ == 1) return (*this)[i];
    if constexpr (std::is_same_v<Data, Sequences<S>>) {
      if (n == count_) return data_;
      if (is_plain_ && are_adjacent(i, n)) return adjacent(i, n);
    }
    return buffer.gather(data_, order_.data() + i, n);
  }

  Random& random() { return random_; }

  /// Calls f(name, numbers, count) for the order and the generator's state.
  /// @throws std::invalid_argument as Trainer::for_each_value
  template <class Function>
  void for_each_value(const Function& f) {
    f("order", order_.data(), count_);
    Random::State state = random_.state();
    f("random", state.words, Index{4});
    check_order();
    if (state == Random::State{}) fail_argument("training: a generator's state cannot be all 0");
    random_ = Random(state);
  }

 private:
  [[nodiscard]] bool are_adjacent(Index i, Index n) const {
    const Index* const order = order_.data() + i;
    for (Index b = 1; b < n; ++b) {
      if (order[b] != order[0] + b) return false;
    }
    return true;
  }
  /// A view of n plain samples from position i of the order on. @pre they are adjacent
  [[nodiscard]] Sequences<S> adjacent(Index i, Index n) const {
    const Index first = order_.data()[i];
    Sequences<S> part = data_;
    part.inputs = {part.inputs.column(first), part.inputs.rows(), n, part.inputs.outerStride()};
    part.targets = {part.targets.column(first), part.targets.rows(), n, part.targets.outerStride()};
    return part;
  }

  void check_order() {
    std::vector<bool> seen(static_cast<std::size_t>(count_));
    for (Index i = 0; i < count_; ++i) {
      const Index sample = order_.data()[i];
      if (sample < 0 || sample >= count_ || seen[static_cast<std::size_t>(sample)]) {
        std::iota(order_.data(), order_.data() + count_, Index{0});
        fail_argument("training: an order of ", count_, " samples has sample ", sample,
                      " out of range or twice");
      }
      seen[static_cast<std::size_t>(sample)] = true;
    }
  }

  KeptSource<Data, S> data_;
  Index count_;
  Index batch_size_;
  Index truncation_;
  bool shuffles_;
  bool is_plain_ = false;  ///< of samples that are only inputs and targets
  Random random_;
  Array<Index> order_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
