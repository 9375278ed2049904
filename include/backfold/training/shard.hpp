// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backfold/gradient/gradient.hpp"
#include "backfold/training/batch_buffer.hpp"

namespace backfold::inline BACKFOLD_ABI::detail {

/// The states before and after a pass, for networks that have any.
template <class Net, Index Batch, bool = Net::Graph::is_recurrent>
class CarriedState {
 public:
  CarriedState(const Net& net, Index batch) : before_(net, batch), after_(net, batch) {}
  void forget(Index batch) {
    before_.resize(batch);
    after_.resize(batch);
    before_.reset();
  }
  void advance() { std::swap(before_, after_); }
  const State<Net, Batch>* before() const { return &before_; }
  State<Net, Batch>* after() { return &after_; }

 private:
  State<Net, Batch> before_, after_;
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

/// Samples (sequences) that pass through a network together: a batch, or one thread's part of it.
template <class Net, Index Batch>
class Shard {
 public:
  using S = typename Net::Scalar;

  /// Room for `size` sequences like `one`, `steps` of their steps at a time.
  /// @param gathers whether they lie apart and have to be copied together
  Shard(const Net& net, const Sequences<S>& one, Index size, Index steps, bool gathers)
      : buffer_(one, gathers ? size : 0),
        workspace_(net, size, steps),
        carried_(net, size),
        batch_(one),
        part_(one),
        lengths_(one.lengths == nullptr ? 0 : static_cast<std::size_t>(size)) {}

  /// The sequences order[0..n) of the source, copied together.
  template <class Source>
  void gather(const Source& source, const Index* order, Index n) {
    batch_ = buffer_.gather(source, order, n);
  }
  /// Sequences that lie together, as they stand.
  void take(const Sequences<S>& batch) { batch_ = batch; }
  const Sequences<S>& batch() const { return batch_; }

  CarriedState<Net, Batch>& carried() { return carried_; }

  /// E and gradient of a batch, both times the scale.
  /// @param carries begins with the carried state, and leaves there the one it ends with
  template <class L, class Scale>
  BACKFOLD_ALWAYS_INLINE double evaluate(const Net& net, const L& loss, const S* w,
                                         const Sequences<S>& batch, const Scale& scale,
                                         bool carries, S* gradient) {
    return detail::evaluate<true, false>(net.architecture(), w, loss, batch, scale, workspace_,
                                         carries ? carried_.before() : nullptr,
                                         carries ? carried_.after() : nullptr, gradient);
  }

  /// Takes `steps` steps of the own batch from step t on; the number of their targets.
  Index begin(Index t, Index steps) {
    part_ = steps == batch_.steps ? batch_ : cut(batch_, t, steps);
    return part_.target_count();
  }
  /// E and gradient of what has begun.
  template <class L>
  void evaluate(const Net& net, const L& loss, const S* w, double scale, bool carries,
                S* gradient) {
    error_ = evaluate(
        net, loss, w, part_, [=](Index) { return scale; }, carries, gradient);
  }
  double error() const { return error_; }

  /// Steps t..t+n of a batch.
  BACKFOLD_NO_INLINE Sequences<S> cut(const Sequences<S>& batch, Index t, Index n) {
    const Index b = batch.batch();
    Sequences<S> part(
        Samples<S>(ConstMatrixView<S>(batch.inputs.column(t * b), batch.inputs.rows(), n * b,
                                      batch.inputs.outerStride()),
                   ConstMatrixView<S>(batch.targets.column(t * b), batch.targets.rows(), n * b,
                                      batch.targets.outerStride())));
    part.steps = n;
    if (batch.weights != nullptr) {
      part.weights = batch.weights + t * b * batch.weight_stride;
      part.weight_count = n * b;
      part.weight_stride = batch.weight_stride;
    }
    if (batch.lengths != nullptr) {
      for (Index i = 0; i < b; ++i) {
        lengths_[static_cast<std::size_t>(i)] = std::clamp(batch.lengths[i] - t, Index{0}, n);
      }
      part.lengths = lengths_.data();
    }
    return part;
  }

 private:
  BatchBuffer<S> buffer_;
  Workspace<Net, Batch> workspace_;
  CarriedState<Net, Batch> carried_;
  Sequences<S> batch_, part_;
  double error_ = 0;
  std::vector<Index> lengths_;
};

}  // namespace backfold::inline BACKFOLD_ABI::detail
