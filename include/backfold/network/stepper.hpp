// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/predict.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A recurrent network in a real-time loop: y^t = stepper(x^t). It owns the state and the room
/// that a step computes in, and allocates nothing after it is made.
///
///     bf::Stepper stepper(net);
///     while (running) output = stepper(input);
///
/// It reads the network's parameters at each step, so changed ones take effect. The network is not
/// copied: it outlives the stepper and stays where it is.
///
/// @tparam Batch the number of sequences that are stepped together
template <class Net, Index Batch = 1>
class Stepper {
 public:
  explicit Stepper(const Net& net, Index batch = Batch == Dynamic ? 1 : Batch)
      : net_(&net), state_(net, batch) {}
  explicit Stepper(const Net&&, Index = 1) = delete;

  /// y^t from x^t, inputs × batch.
  /// @return a view of y^t, outputs × batch, that lives in the stepper until its next step
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  BACKFOLD_ALWAYS_INLINE auto operator()(const Eigen::DenseBase<X>& x) {
    return step(*net_, x, state_);
  }

  /// Forgets the past.
  void reset() { state_.reset(*net_); }

  /// The past, to read, save and set.
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
