// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/denormals.hpp"
#include "backfold/gradient/evaluate.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/training/batch_buffer.hpp"
#include "backfold/training/check_learning.hpp"
#include "backfold/training/history.hpp"
#include "backfold/training/hook/run_memory.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Losses of a Validate, for hooks after it.
class HeldOutLoss {
 public:
  /// The losses so far, one for each evaluated epoch.
  [[nodiscard]] const std::vector<double>& losses() const { return losses_; }
  /// The last one; NaN before the first.
  [[nodiscard]] double loss() const {
    return losses_.empty() ? detail::hidden_nan() : losses_.back();
  }
  /// The epoch of the last one; 0 before the first.
  [[nodiscard]] Index epoch() const { return epoch_; }
  /// True during a run that has the hook.
  [[nodiscard]] bool is_running() const { return is_running_; }

  /// Calls f(name, numbers, count) for all values that later epochs depend on.
  template <class Function>
  void for_each_value(const Function& f) {
    f("losses", losses_);
    f("epoch", &epoch_, Index{1});
  }

 protected:
  std::vector<double> losses_;
  Index epoch_ = 0;
  bool is_running_ = false;
};

namespace detail {

/// The loss that a hook watches: the epoch's, or a Validate's.
class WatchedLoss {
 public:
  WatchedLoss() = default;
  explicit WatchedLoss(const HeldOutLoss& held_out) : held_out_(&held_out) {}

  /// @throws std::invalid_argument unless its Validate is a hook of the run, before this one
  void begin(const char* hook) const {
    if (held_out_ != nullptr && !held_out_->is_running()) {
      fail_argument(hook, ": its Validate must be given too, before it");
    }
  }
  /// True if there is a loss of this epoch.
  [[nodiscard]] bool has_loss(const EpochReport& report) const {
    return held_out_ == nullptr || held_out_->epoch() == report.epoch;
  }
  [[nodiscard]] double loss(const EpochReport& report) const {
    return held_out_ == nullptr ? report.loss : held_out_->loss();
  }

 private:
  const HeldOutLoss* held_out_ = nullptr;
};

}  // namespace detail

/// Hook that evaluates the training's loss on held-out data every `every` epochs, in inference mode
/// and with the training's reduction, at the parameters after the epoch. Later hooks and callbacks
/// find the loss in `EpochReport::validation_loss`. It does not affect the training.
///
///     bf::Validate validate(held_out);
///     bf::fit(net, loss, bf::Adam{}, data, {.epochs = 50}, validate);
///     validate.losses();
///
/// Recurrent networks begin each sequence as in training that is not stateful. The data are a view,
/// as in `fit`. Their weights may change between epochs, but if all become 0 it throws
/// std::invalid_argument. Allocates only in `begin` (losses: for the first 65,536 epochs of a run).
///
/// @tparam Source Sequences, Windows or a SequenceSource of your own
template <class Source>
class Validate : public HeldOutLoss {
 public:
  /// @throws std::invalid_argument if every < 1
  explicit Validate(const Source& data, Index every = 1) : data_(data), every_(every) {
    if (every < 1) fail_argument("Validate: every must be >= 1, got ", every);
  }

  /// @throws std::invalid_argument for data that training would refuse
  template <class T>
  void begin(T& training) {
    using Net = typename T::NetworkType;
    static_assert(SequenceSource<Source> && detail::is_of_scalar<Source, typename Net::Scalar>(),
                  "backfold: Validate takes Samples, Sequences or Windows of the network's scalar");
    const Net& net = training.network();
    using L = std::remove_cvref_t<decltype(training.loss())>;
    detail::check_data_for(training.loss(), net, data_);
    const Sequences<typename Net::Scalar> one(data_[0]);
    const Index batch = std::clamp(Index{1024} / one.steps, Index{1}, Index{data_.count()});
    const auto shape = detail::evaluated_shape<Net, L>(batch, one.steps, Purpose::Forward, one);
    memory_.emplace<Room<Net>>(net, data_, shape);
    if (training.epoch() == 0) {
      losses_.resize(0);
      epoch_ = 0;
    }
    const Index runs = (training.last_epoch() - training.epoch()) / every_ + 1;
    losses_.reserve(losses_.size() + static_cast<std::size_t>((std::min)(runs, Index{1} << 16)));
    is_running_ = true;
  }
  template <class T>
  void after_epoch(T& training, EpochReport& report) {
    if (report.epoch % every_ != 0) return;
    using Net = typename T::NetworkType;
    const FlushDenormals flush(training.options().flush_denormals);
    auto& room = memory_.as<Room<Net>>();
    losses_.push_back(
        room.evaluate(training.network(), training.loss(), data_, training.options().reduction));
    epoch_ = report.epoch;
    report.validation_loss = losses_.back();
  }
  template <class T>
  void end(T&, const History&) {
    memory_.reset();
    is_running_ = false;
  }

 private:
  /// Memory for a batch of the data, and their order.
  template <class Net>
  class Room {
   public:
    using S = typename Net::Scalar;
    Room(const Net& net, const Source& data, const detail::PassShape& shape)
        : count_(data.count()),
          batch_(shape.batch),
          workspace_(net, shape),
          buffer_(data[0], batch_),
          order_(count_) {
      std::iota(order_.data(), order_.data() + count_, Index{0});
    }
    template <class L>
    double evaluate(const Net& net, const L& loss, const Source& data, Reduction reduction) {
      double sum = 0, targets = 0;
      for (Index i = 0; i < count_; i += batch_) {
        const Sequences<S> part =
            buffer_.gather(data, order_.data() + i, (std::min)(batch_, count_ - i));
        sum += loss_of(net, loss, part, workspace_);
        targets += static_cast<double>(part.target_count());
      }
      if (targets == 0) fail_argument("Validate: the held-out data have lost all their targets");
      return reduction == Reduction::Mean ? sum / targets : sum;
    }

   private:
    Index count_, batch_;
    Workspace<Net, Dynamic> workspace_;
    detail::BatchBuffer<S> buffer_;
    detail::Array<Index> order_;
  };

  Source data_;
  Index every_;
  detail::RunMemory memory_;  ///< a Room of the run's network type
};

template <class Source>
Validate(const Source&, Index = 1) -> Validate<Source>;
template <Real S>
Validate(const Samples<S>&, Index = 1) -> Validate<Sequences<S>>;

BACKFOLD_END_NAMESPACE
