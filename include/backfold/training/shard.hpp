// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/array.hpp"
#include "backfold/gradient/gradient.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The states before and after a pass, for networks that have any.
template <class Net, Index Batch, bool = Net::Graph::is_recurrent>
class CarriedState {
 public:
  CarriedState(const Net& net, Index batch)
      : states_{State<Net, Batch>(net, batch), State<Net, Batch>(net, batch)} {}
  void forget(Index batch) {
    for (State<Net, Batch>& state : states_) state.resize(batch);
    states_[before_].reset();
  }
  /// What was after becomes what is before. The states stay where they are: those of networks of
  /// fixed size may be large, and a swap would take the stack for one of them.
  void advance() { before_ = 1 - before_; }
  [[nodiscard]] const State<Net, Batch>* before() const { return &states_[before_]; }
  State<Net, Batch>* after() { return &states_[1 - before_]; }

 private:
  State<Net, Batch> states_[2];
  int before_ = 0;
};

template <class Net, Index Batch>
class CarriedState<Net, Batch, false> {
 public:
  CarriedState(const Net&, Index) {}
  void forget(Index) {}
  void advance() {}
  static State<Net, Batch>* before() { return nullptr; }
  static State<Net, Batch>* after() { return nullptr; }
};

/// Steps t..t+n of a batch; `lengths` gets what is left of each sequence.
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
  return part;
}

/// What samples (sequences) that pass through a network together need: a batch, or one thread's
/// part of it.
template <class Net, Index Batch>
class Shard {
 public:
  using S = typename Net::Scalar;

  /// Room for `size` sequences like `one`, `steps` of their steps at a time.
  Shard(const Net& net, const Sequences<S>& one, Index size, Index steps)
      : workspace_(net, size, steps),
        carried_(net, size),
        lengths_(one.lengths == nullptr ? 0 : size) {}

  CarriedState<Net, Batch>& carried() { return carried_; }

  /// E and gradient of a batch, both times the scale.
  /// @param carries begins with the carried state, and leaves there the one it ends with
  template <class L, class Scale>
  BACKFOLD_ALWAYS_INLINE double evaluate(const Net& net, const L& loss, const S* w,
                                         const Sequences<S>& batch, const Scale& scale,
                                         bool carries, const Noise& noise, S* gradient) {
    return detail::evaluate<true, false>(net.architecture(), w, loss, batch, scale, workspace_,
                                         carries ? carried_.before() : nullptr,
                                         carries ? carried_.after() : nullptr, gradient,
                                         PassSettings{Mode::Training, noise});
  }

  /// Steps t..t+n of a batch.
  Sequences<S> cut(const Sequences<S>& batch, Index t, Index n) {
    return cut_steps(batch, t, n, lengths_.data());
  }

 private:
  Workspace<Net, Batch> workspace_;
  CarriedState<Net, Batch> carried_;
  Array<Index> lengths_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
