// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/state.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Initial and final state of a pass, for networks with a state.
template <class Net, Index Batch, bool = Net::Graph::is_recurrent>
class CarriedState {
 public:
  CarriedState(const Net& net, Index batch)
      : states_{State<Net, Batch>(net, batch), State<Net, Batch>(net, batch)} {}
  void forget(Index batch) {
    for (State<Net, Batch>& state : states_) state.resize(batch);
    has_past_ = false;
  }
  /// Copies the final state to the initial one. Static states may be large, and a swap would put
  /// one on the stack.
  void advance() {
    before_ = 1 - before_;
    has_past_ = true;
  }
  /// Null at the beginning of a sequence, where a pass starts from zero or the learnt start.
  [[nodiscard]] const State<Net, Batch>* before() const {
    return has_past_ ? &states_[before_] : nullptr;
  }
  State<Net, Batch>* after() { return &states_[1 - before_]; }

 private:
  State<Net, Batch> states_[2];
  int before_ = 0;
  bool has_past_ = false;
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

}  // namespace detail

BACKFOLD_END_NAMESPACE
