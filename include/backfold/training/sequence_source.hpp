// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "backfold/data/check_data.hpp"
#include "backfold/data/windows.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/network/history.hpp"
#include "backfold/network/network.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A source that `fit` can learn from: a number of sequences (or samples), each as a view. All have
/// equally many steps, and either all or none have targets, weights and lengths.
template <class D>
concept SequenceSource = requires(const D data) {
  { data.count() } -> std::convertible_to<Index>;
  data[Index{0}];
};

namespace detail {

/// Type in which Trainer stores its data: Samples become Sequences.
template <class Net, class Source>
using DataOf = std::conditional_t<std::is_convertible_v<Source, Sequences<typename Net::Scalar>>,
                                  Sequences<typename Net::Scalar>, Source>;

/// True if a source's sequences have numbers of type S.
template <class Data, class S>
constexpr bool is_of_scalar() {
  using One = std::remove_cvref_t<decltype(std::declval<const Data&>()[Index{0}])>;
  return std::is_base_of_v<Samples<S>, One>;
}

/// True if a source iterates over its columns itself, each once even if sequences overlap.
template <class Source>
concept VisitsTargets = requires(const Source& source) {
  source.for_each_target([](const auto&, Index) {});
};

/// True if two sequences agree in having target_weights, and in NaN as missing targets.
template <class S>
bool have_same_masks(const Sequences<S>& a, const Sequences<S>& b) {
  return a.target_weights.rows() == b.target_weights.rows() && a.missing == b.missing;
}

/// Checks sequence i against a network and against the first sequence, for which memory is laid
/// out.
template <class Net, class S>
void check_sequence(const Net& net, const Sequences<S>& one, const Sequences<S>& first, Index i,
                    Index outputs_per_target) {
  check_data(one, net.inputs(), net.outputs(), outputs_per_target);
  check_sequences<Net>(one);
  check_initial_states(net, one);
  if (one.batch() != 1) {
    fail_argument("data: expected one sequence (or sample) at place ", i, ", got ", one.batch());
  }
  if (one.steps != first.steps) {
    fail_argument("data: sequence ", i, " has ", one.steps, " steps, sequence 0 has ", first.steps,
                  "; those of different lengths go into Sequences, padded, with their lengths");
  }
  if (one.targets_at != first.targets_at) {
    fail_argument("data: sequence ", i, " has its targets at other steps than sequence 0");
  }
  if ((one.weights == nullptr) != (first.weights == nullptr) ||
      (one.lengths == nullptr) != (first.lengths == nullptr)) {
    fail_argument("data: weights and lengths are for all sequences or for none: sequence ", i,
                  " differs from sequence 0");
  }
  if (!have_same_masks(one, first)) {
    fail_argument("data: target_weights and missing are for all sequences or for none: sequence ",
                  i, " differs from sequence 0");
  }
  if (one.initial_states.rows() != first.initial_states.rows()) {
    fail_argument("data: initial_states are for all sequences or for none: sequence ", i,
                  " differs from sequence 0");
  }
  if (one.resets.empty() != first.resets.empty()) {
    fail_argument("data: resets are for all sequences or for none: sequence ", i,
                  " differs from sequence 0");
  }
  check_reset_count("data", one.resets, one.inputs.cols());
}

/// True if two sequences need equal amounts of memory.
template <class S>
bool have_same_sizes(const Sequences<S>& a, const Sequences<S>& b) {
  return a.steps == b.steps && a.inputs.rows() == b.inputs.rows() &&
         a.inputs.cols() == b.inputs.cols() && a.targets.rows() == b.targets.rows() &&
         a.targets.cols() == b.targets.cols() && a.weight_count == b.weight_count &&
         (a.weights == nullptr) == (b.weights == nullptr) &&
         (a.lengths == nullptr) == (b.lengths == nullptr) && a.targets_at == b.targets_at &&
         a.initial_states.rows() == b.initial_states.rows() &&
         a.initial_states.cols() == b.initial_states.cols() && a.resets.size() == b.resets.size() &&
         have_same_masks(a, b);
}

/// Wraps a user's source and checks each sequence against the sizes of the first one, since they
/// may change during training. The library's own sources are views of constant size.
template <class Source, class S>
class SteadySource {
 public:
  explicit SteadySource(const Source& source) : source_(source), first_(source[0]) {}

  [[nodiscard]] Index count() const { return source_.count(); }
  Sequences<S> operator[](Index i) const {
    const Sequences<S> one = source_[i];
    if (!have_same_sizes(one, first_)) {
      fail_argument("data: sequence ", i, " has other sizes now than when training began");
    }
    return one;
  }

 private:
  Source source_;
  Sequences<S> first_;
};

/// Sequences and Windows unchanged, other sources with checked sizes.
template <class Data, class S>
using KeptSource =
    std::conditional_t<std::is_same_v<Data, Sequences<S>> || std::is_same_v<Data, Windows<S>>, Data,
                       SteadySource<Data, S>>;

/// Checks all sequences of a source: sizes, numbers, weights.
/// @throws std::invalid_argument naming the first invalid one
template <class Net, class Source>
void check_source(const Net& net, const Source& source, Index outputs_per_target) {
  using S = typename Net::Scalar;
  if constexpr (std::is_same_v<Source, Sequences<S>>) {
    check_data(source, net.inputs(), net.outputs(), outputs_per_target);
    check_sequences<Net>(source);
    check_initial_states(net, source);
    check_reset_count("data", source.resets, source.inputs.cols());
    source.check_finite();
    if (source.target_count() == 0) fail_argument("data: all weights are 0");
  } else {
    const Index count = source.count();
    if (count < 1) fail_argument("data: no samples");
    const Sequences<S> first = source[0];
    if constexpr (requires { source.check_finite(); }) source.check_finite();
    bool has_target = false;
    for (Index i = 0; i < count; ++i) {
      const Sequences<S> one = source[i];
      check_sequence(net, one, first, i, outputs_per_target);
      if constexpr (!VisitsTargets<Source>) one.check_finite();
      has_target = has_target || one.target_count() > 0;
    }
    if (!has_target) fail_argument("data: all weights are 0");
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
