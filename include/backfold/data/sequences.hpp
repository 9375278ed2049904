// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>

#include "backfold/data/reset_flags.hpp"
#include "backfold/data/samples.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Steps of a sequence that have a target.
enum class TargetsAt {
  EveryStep,  ///< a column of targets for each column of inputs
  LastStep,   ///< a column of targets for each sequence, compared with its last output
};

/// A batch of sequences of `steps` steps, time-major: column t·batch + b is step t of sequence b.
///
///     bf::Sequences data{X, Z, steps};     // X features × (batch·steps)
///     data.lengths = lengths.data();       // sequences of different lengths, padded at the end
///     data.targets_at = bf::TargetsAt::LastStep;   // Z outputs × batch
///     data.initial_states = M;             // column b: `State::values()` before sequence b
///     data.resets = flags;                 // before which steps the state is its start again
///
/// Padding does not affect results: values past the end of a sequence are never read. A sequence of
/// length 0 has no step: it adds nothing, and its state does not change.
template <Real S>
struct Sequences : Samples<S> {
  Index steps = 1;
  const Index* lengths = nullptr;  ///< one for each sequence, 0..steps; nullptr: all of `steps`
  TargetsAt targets_at = TargetsAt::EveryStep;
  /// The state before the first step of each sequence, a column with the `State::size()` numbers of
  /// a batch of one. Without rows: the network's LearntStart, or zero.
  detail::DataView<S> initial_states{ConstMatrixView<S>(nullptr, 0, 0)};
  /// One for each column of the inputs: true where the state before that step is zero or the
  /// LearntStart, so that neither outputs nor gradients pass from the steps before to it. Empty: no
  /// resets.
  ResetFlags resets{};

  Sequences(detail::DataView<S> x, detail::DataView<S> z, Index step_count)
      : Samples<S>(x, z), steps(step_count) {}
  Sequences(detail::DataView<S> x, detail::DataView<S> z, detail::WeightsView<S> w,
            Index step_count)
      : Samples<S>(x, z, w), steps(step_count) {}
  /// Samples are sequences of one step, for networks without delays. Networks with delays refuse
  /// Samples; use `Sequences(X, Z, 1)` if you mean a batch of sequences of one step.
  Sequences(const Samples<S>& samples) : Samples<S>(samples), from_samples_(true) {}  // NOLINT
  template <Real Other>
  requires(!std::is_same_v<Other, S>) Sequences(const Samples<Other>& samples)  // NOLINT
      : Samples<S>(ConstMatrixView<S>(nullptr, 0, 0), ConstMatrixView<S>(nullptr, 0, 0)) {
    static_assert(std::is_same_v<Other, S>,
                  "backfold: data must be of the network's scalar (float or double): cast the one "
                  "to the other");
    (void)samples;
  }

  /// True if these were made from Samples, not explicitly as sequences.
  [[nodiscard]] bool are_samples() const { return from_samples_ && steps == 1; }

  [[nodiscard]] Index batch() const {
    if (steps == 1) return this->inputs.cols();  // online learning calls this often
    return steps > 0 ? this->inputs.cols() / steps : 0;
  }

  /// Number of steps of the longest sequence.
  [[nodiscard]] Index longest() const {
    return lengths == nullptr ? steps : *std::max_element(lengths, lengths + batch());
  }

  /// True if column `c` of the targets has a target: its weight is not 0, its sequence not ended,
  /// and not all of its targets are missing.
  [[nodiscard]] BACKFOLD_NO_INLINE bool has_target(Index c) const {
    if (lengths != nullptr && !is_before_end(c)) return false;
    if (this->weights != nullptr && this->weights[c * this->weight_stride] == S(0)) return false;
    return !this->is_masked() || this->mask().has_target(this->targets, c);
  }
  /// Number of columns with a target.
  [[nodiscard]] Index target_count() const {
    if (this->weights == nullptr && lengths == nullptr && !this->is_masked()) {
      return this->targets.cols();
    }
    Index count = 0;
    for (Index c = 0; c < this->targets.cols(); ++c) count += has_target(c);
    return count;
  }

  /// Calls f(targets, c) for each column c with a target; missing targets in it are replaced by one
  /// that is not missing.
  template <class Function>
  void for_each_target(const Function& f) const {
    for (Index c = 0; c < this->targets.cols(); ++c) {
      if (!has_target(c)) continue;
      if (this->is_masked()) {
        this->mask().visit(this->targets, c, f);
      } else {
        f(this->targets, c);
      }
    }
  }

  /// @throws std::invalid_argument naming the first number that is infinite or NaN (except padding
  /// and targets of weight 0), or the first negative weight
  void check_finite() const {
    const Index n = batch();
    for (Index c = 0; c < this->targets.cols(); ++c) {
      if (lengths != nullptr && !is_before_end(c)) continue;
      if (this->weights != nullptr) check_weight(c);
      if (this->target_weights.rows() != 0) {
        detail::check_target_weights<S>(this->target_weights, c);
      }
    }
    for (Index c = 0; c < this->inputs.cols(); ++c) {
      if (lengths != nullptr && c / n >= lengths[c % n]) continue;
      detail::check_column("inputs", this->inputs, c);
    }
    for (Index b = 0; b < initial_states.cols(); ++b) {
      detail::check_column<S>("initial_states", initial_states, b);
    }
    for_each_target(
        [](const ConstMatrixView<S>& z, Index c) { detail::check_column("targets", z, c); });
  }

  /// For fit: the number of sequences.
  [[nodiscard]] Index count() const { return batch(); }

  /// Sequence b: a view, whose steps are `batch` columns apart.
  Sequences operator[](Index b) const {
    const Index n = batch();
    const bool last = targets_at == TargetsAt::LastStep;
    Sequences one(ConstMatrixView<S>(this->inputs.column(b), this->inputs.rows(), steps,
                                     n * this->inputs.outerStride()),
                  ConstMatrixView<S>(this->targets.column(b), this->targets.rows(),
                                     last ? 1 : steps, n * this->targets.outerStride()),
                  steps);
    one.from_samples_ = from_samples_;
    one.targets_at = targets_at;
    one.lengths = lengths == nullptr ? nullptr : lengths + b;
    if (this->weights != nullptr) {
      one.weights = this->weights + b * this->weight_stride;
      one.weight_count = one.targets.cols();
      one.weight_stride = n * this->weight_stride;
    }
    if (this->target_weights.rows() != 0) {
      one.target_weights =
          ConstMatrixView<S>(this->target_weights.column(b), one.targets.rows(), one.targets.cols(),
                             n * this->target_weights.outerStride());
    }
    one.missing = this->missing;
    if (initial_states.rows() != 0) {
      one.initial_states = ConstMatrixView<S>(initial_states.column(b), initial_states.rows(), 1);
    }
    one.resets = resets.part(b, steps, n);
    return one;
  }

 private:
  void check_weight(Index c) const {
    const S weight = this->weights[c * this->weight_stride];
    if (!is_finite(weight)) fail_argument("data: weight ", c, " is ", double(weight));
    if (weight < S(0)) {
      fail_argument("data: weight ", c, " is ", double(weight), ", expected >= 0");
    }
  }

  [[nodiscard]] bool is_before_end(Index c) const {
    if (targets_at == TargetsAt::LastStep) return lengths[c] > 0;
    return c / batch() < lengths[c % batch()];
  }

  bool from_samples_ = false;
};

template <class X, class Z>
Sequences(X&&, Z&&, Index) -> Sequences<typename detail::ScalarOfViews<X, Z>::Type>;
template <class X, class Z, class W>
Sequences(X&&, Z&&, W&&, Index) -> Sequences<typename detail::ScalarOfViews<X, Z, W>::Type>;

BACKFOLD_END_NAMESPACE
