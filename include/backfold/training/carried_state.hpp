// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/state.hpp"

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
    has_past_ = false;
  }
  /// The final state becomes the initial one. The states stay where they are: those of networks of
  /// fixed size may be large, and a swap would take the stack for one of them.
  void advance() {
    before_ = 1 - before_;
    has_past_ = true;
  }
  /// Null at the beginning, where a pass takes what is before the first step.
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
