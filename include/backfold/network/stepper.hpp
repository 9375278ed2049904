// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/predict.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A recurrent network in a real-time loop: y^t = stepper(x^t). It owns the state and the buffer of
/// a step, and allocates nothing after construction.
///
///     bf::Stepper stepper(net);
///     while (running) output = stepper(input);
///
/// It reads the network's parameters at each step, so changed ones take effect. The network is not
/// copied: it must outlive the stepper and not move.
///
/// @tparam Batch the number of sequences that are stepped together
template <class Net, Index Batch = 1>
class Stepper {
 public:
  explicit Stepper(const Net& net, Index batch = Batch == Dynamic ? 1 : Batch)
      : net_(&net), state_(net, batch) {}
  explicit Stepper(const Net&&, Index = 1) = delete;

  /// y^t from x^t, inputs × batch.
  /// @return a view of y^t, outputs × batch, valid until the stepper's next step
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  BACKFOLD_ALWAYS_INLINE auto operator()(const Eigen::DenseBase<X>& x) {
    return step(*net_, x, state_);
  }

  /// Resets the state.
  void reset() { state_.reset(*net_); }

  /// The state, to read, save and set.
  State<Net, Batch>& state() { return state_; }
  [[nodiscard]] const State<Net, Batch>& state() const { return state_; }

  [[nodiscard]] const Net& network() const { return *net_; }
  [[nodiscard]] Index batch() const { return state_.batch(); }

 private:
  const Net* net_;
  State<Net, Batch> state_;
};

template <class Net>
Stepper(const Net&) -> Stepper<Net, 1>;
template <class Net>
Stepper(const Net&, Index) -> Stepper<Net, Dynamic>;

BACKFOLD_END_NAMESPACE
