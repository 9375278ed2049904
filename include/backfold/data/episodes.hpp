// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backfold/data/check_data.hpp"
#include "backfold/data/sequence_part.hpp"
#include "backfold/data/sequences.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Sequences cut at resets: the state of a network starts again before the step of a reset, and the
/// gradient does not flow through it. Each piece is a sequence with its own length, a view into the
/// data.
///
///     std::vector<bool> resets(steps * batch);   // [t·batch + b]: before step t of sequence b
///     bf::Episodes episodes(bf::Sequences(X, Z, steps), resets);
///     bf::fit(net, loss, bf::Adam{}, episodes, {.batch_size = 8});
template <Real S>
class Episodes {
 public:
  using Scalar = S;

  /// @param data with targets at every step, @param resets a range of flags, one for each column of
  /// the inputs, read only by the constructor; a flag of a first step has no effect
  /// @throws std::invalid_argument for a wrong number of flags, targets at the last step only,
  /// initial_states, and data without a step
  template <class Flags>
  Episodes(const Sequences<S>& data, const Flags& resets) : data_(data) {
    const Index batch = data.batch();
    if (static_cast<Index>(resets.size()) != data.inputs.cols()) {
      fail_argument("episodes: expected ", data.inputs.cols(),
                    " resets, one for each column of inputs, got ", Index(resets.size()));
    }
    if (data.targets_at == TargetsAt::LastStep) {
      fail_argument("episodes: they need targets at every step");
    }
    if (data.initial_states.rows() != 0) {
      fail_argument(
          "episodes: they begin with zeros or a LearntStart, the data have initial_states");
    }
    detail::check_data(data, data.inputs.rows(), data.targets.rows());
    using Place = decltype(resets.size());
    for (Index b = 0; b < batch; ++b) {
      const Index end = data.lengths == nullptr ? data.steps : data.lengths[b];
      for (Index t = 0, first = 0; t < end; ++t) {
        if (t + 1 < end && !resets[static_cast<Place>((t + 1) * batch + b)]) continue;
        columns_.push_back(first * batch + b);
        lengths_.push_back(t + 1 - first);
        first = t + 1;
      }
    }
    if (lengths_.empty()) fail_argument("episodes: no sequence has a step");
    longest_ = *std::max_element(lengths_.begin(), lengths_.end());
  }

  /// Number of sequences, for fit.
  [[nodiscard]] Index count() const { return static_cast<Index>(lengths_.size()); }
  /// Number of steps of episode i.
  [[nodiscard]] Index steps_of(Index i) const { return lengths_[static_cast<std::size_t>(i)]; }

  /// Episode i, padded to the steps of the longest one, with its length: a view, valid as long as
  /// this object.
  /// @throws std::invalid_argument if there is no such episode
  [[nodiscard]] Sequences<S> operator[](Index i) const& {
    if (i < 0 || i >= count()) fail_argument("episodes: no episode ", i, " of ", count());
    const auto place = static_cast<std::size_t>(i);
    const Index column = columns_[place], batch = data_.batch();
    // The steps after the end may belong to another episode or not exist; they are never read.
    return detail::part_of(data_[column % batch], column / batch, longest_, &lengths_[place]);
  }
  Sequences<S> operator[](Index i) const&& = delete;  // the view would outlive its length

 private:
  Sequences<S> data_;
  std::vector<Index> columns_, lengths_;  ///< of each episode: the column of its first step
  Index longest_ = 0;
};

template <Real S, class Flags>
Episodes(const Sequences<S>&, const Flags&) -> Episodes<S>;

BACKFOLD_END_NAMESPACE
