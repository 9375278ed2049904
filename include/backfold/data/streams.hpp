// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "backfold/data/check_data.hpp"
#include "backfold/data/sequence_part.hpp"
#include "backfold/data/sequences.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Long series of different lengths, each in matrices of its own, to train on next to one another:
/// each is one sequence of a batch. They are views: nothing is copied or padded by the caller.
///
///     bf::Streams streams{bf::Sequences(X1, Z1, X1.cols()), bf::Sequences(X2, Z2, X2.cols())};
///     bf::fit(net, loss, bf::Adam{}, streams, {.batch_size = 2, .truncation = 50});
///
/// With `truncation` k the streams of a batch are cut into windows of k steps, one step of the
/// optimizer each, in the order of time. Each stream begins an epoch with its state before the
/// first step, and carries its own state from window to window; a new epoch draws other streams for
/// a batch, never another order of windows. A stream that has ended adds nothing to E, to its
/// gradient, or to the count of targets by which `Reduction::Mean` divides.
template <Real S>
class Streams {
 public:
  using Scalar = S;

  /// @param list one stream each, or several side by side as a batch of sequences has them; with
  /// weights, target_weights and initial_states all or none
  /// @throws std::invalid_argument for an empty list, and sizes that do not suit each other
  explicit Streams(const std::vector<Sequences<S>>& list) {
    for (const Sequences<S>& streams : list) {
      detail::check_data(streams, streams.inputs.rows(), streams.targets.rows());
      for (Index b = 0; b < streams.batch(); ++b) {
        streams_.push_back(streams[b]);
        lengths_.push_back(streams.lengths == nullptr ? streams.steps : streams.lengths[b]);
      }
    }
    if (streams_.empty()) fail_argument("streams: expected at least one, got none");
    longest_ = *std::max_element(lengths_.begin(), lengths_.end());
    if (longest_ == 0) fail_argument("streams: no stream has a step");
    are_of_one_length_ = *std::min_element(lengths_.begin(), lengths_.end()) == longest_;
  }
  Streams(std::initializer_list<Sequences<S>> list) : Streams(std::vector<Sequences<S>>(list)) {}

  /// For fit: the number of streams.
  [[nodiscard]] Index count() const { return static_cast<Index>(lengths_.size()); }
  /// The steps of stream i.
  [[nodiscard]] Index steps_of(Index i) const { return lengths_[static_cast<std::size_t>(i)]; }

  /// Stream i alone, of as many steps as the longest one has, with its length where they differ: a
  /// view that lives as long as this object.
  /// @throws std::invalid_argument if there is no such stream
  [[nodiscard]] Sequences<S> operator[](Index i) const& {
    if (i < 0 || i >= count()) fail_argument("streams: no stream ", i, " of ", count());
    const auto place = static_cast<std::size_t>(i);
    return detail::part_of(streams_[place], 0, longest_,
                           are_of_one_length_ ? nullptr : &lengths_[place]);
  }
  Sequences<S> operator[](Index i) const&& = delete;  // it would outlive its length

 private:
  std::vector<Sequences<S>> streams_;  ///< each a batch of one
  std::vector<Index> lengths_;
  Index longest_ = 0;
  bool are_of_one_length_ = true;
};

template <Real S>
Streams(const std::vector<Sequences<S>>&) -> Streams<S>;
template <Real S>
Streams(std::initializer_list<Sequences<S>>) -> Streams<S>;

BACKFOLD_END_NAMESPACE
