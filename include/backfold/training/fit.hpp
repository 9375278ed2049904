// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>
#include <vector>

#include "backfold/core/denormals.hpp"
#include "backfold/core/random.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/batch_buffer.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/history.hpp"

namespace backfold::inline BACKFOLD_ABI {

/// What `fit` can learn from: so many sequences (or samples), each as a view.
template <class D>
concept SequenceSource = requires(const D data) {
  { data.count() } -> std::convertible_to<Index>;
  data[Index{0}];
};

namespace detail {

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

}  // namespace detail

/// Training in hand: a network's workspace, an optimizer's state, the random order. `fit` makes one
/// and runs its epochs; keep one yourself to train in pieces of your own. Only making it allocates.
///
/// @tparam Batch the samples of a step where they are a constant (1: online learning), else Dynamic
template <class Net, class L, class O, class Source, Index Batch = Dynamic>
class Training {
 public:
  using S = typename Net::Scalar;
  static constexpr Index parameters =
      Net::fixed ? Net::ArchitectureType::fixed_parameter_count : Dynamic;
  using OptimizerState = typename O::template State<S, parameters>;

  /// @throws std::invalid_argument for options, settings or data out of range
  Training(Net& net, const L& loss, const O& optimizer, const Source& data,
           const FitOptions& options)
      : net_(net),
        loss_(loss),
        optimizer_(optimizer),
        data_(data),
        options_(checked(options, loss, net, data)),
        count_(data.count()),
        batch_size_(Batch != Dynamic                   ? Batch
                    : options.batch_size == full_batch ? count_
                    : options.batch_size < count_      ? options.batch_size
                                                       : count_),
        random_(options.seed),
        order_(static_cast<std::size_t>(count_)),
        buffer_(data[0], gathered()),
        workspace_(net, batch_size_, steps_of_pass()),
        optimizer_state_(start<S, parameters>(optimizer, net.parameter_count())),
        carried_(net, batch_size_) {
    std::iota(order_.begin(), order_.end(), Index{0});
  }

  /// The sum of E over an epoch's steps, each weighed by its targets; NaN where a step was not
  /// finite (then `failed_step` says which).
  double run_epoch() {
    if (options_.shuffle) shuffle(random_, order_.data(), count_);
    double error = 0;
    double weight = 0;
    step_ = 0;
    const Index size = batch_size();
    carried_.forget(size);
    for (Index i = 0; i < count_; i += size) {
      const Index n = size < count_ - i ? size : count_ - i;
      const Sequences<S> batch = batch_at(i, n);
      if (!options_.stateful) carried_.forget(n);
      if (!learn(batch, error, weight)) return std::numeric_limits<double>::quiet_NaN();
    }
    return options_.reduction == Reduction::Mean ? error / weight : error;
  }

  Index failed_step() const { return step_; }
  Index samples() const { return count_; }
  OptimizerState& optimizer_state() { return optimizer_state_; }
  /// The settings may change between epochs (a learning rate that falls).
  O& optimizer() { return optimizer_; }
  Random& random() { return random_; }

 private:
  static const FitOptions& checked(const FitOptions& options, const L& loss, const Net& net,
                                   const Source& data) {
    options.check();
    check_settings(loss);
    if (data.count() < 1) fail_argument("data: no samples");
    check_data(data[0], net.inputs(), net.outputs());
    if (options.truncation > 0 && data[0].targets_at == TargetsAt::LastStep) {
      fail_argument("fit: truncation needs targets at every step");
    }
    return options;
  }

  Index batch_size() const { return Batch == Dynamic ? batch_size_ : Batch; }
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  /// n sequences from place i of the order on. One alone, and all as they stand, are views; else
  /// they are gathered.
  BACKFOLD_ALWAYS_INLINE Sequences<S> batch_at(Index i, Index n) {
    if constexpr (Batch == 1) {
      return data_[order_[at(i)]];
    } else {
      if (batch_size_ == 1) return data_[order_[at(i)]];
      if constexpr (std::is_same_v<Source, Sequences<S>>) {
        if (batch_size_ == count_) return data_;
      }
      return buffer_.gather(data_, order_.data() + i, n);
    }
  }
  /// Room for gathering, if there is anything to gather.
  Index gathered() const {
    const bool all = std::is_same_v<Source, Sequences<S>> && batch_size_ == count_;
    return batch_size_ == 1 || all ? 0 : batch_size_;
  }
  Index steps_of_pass() const {
    const Index steps = data_[0].steps;
    return options_.truncation > 0 && options_.truncation < steps ? options_.truncation : steps;
  }

  /// The steps of one batch: one, or as many as truncation cuts it into.
  BACKFOLD_ALWAYS_INLINE bool learn(const Sequences<S>& batch, double& error, double& weight) {
    const Index piece = steps_of_pass();
    for (Index t = 0; t < batch.steps; t += piece) {
      const Sequences<S> part =
          piece == batch.steps ? batch : cut(batch, t, std::min(piece, batch.steps - t));
      ++step_;
      const double e = optimizer_.step(
          net_.parameters().data(),
          [&](const S* w, S* gradient) {
            return detail::evaluate<true, false>(net_.architecture(), w, loss_, part,
                                                 options_.reduction, workspace_,
                                                 carries() ? carried_.before() : nullptr,
                                                 carries() ? carried_.after() : nullptr, gradient);
          },
          optimizer_state_);
      if (!is_finite(e)) return false;
      if (carries()) carried_.advance();
      const double n = static_cast<double>(part.target_count());
      error += options_.reduction == Reduction::Mean ? e * n : e;
      weight += n;
    }
    return true;
  }

  bool carries() const {
    return Net::Graph::is_recurrent && (options_.truncation > 0 || options_.stateful);
  }

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
      lengths_.resize(at(b));
      for (Index i = 0; i < b; ++i) {
        lengths_[at(i)] = std::clamp(batch.lengths[i] - t, Index{0}, n);
      }
      part.lengths = lengths_.data();
    }
    return part;
  }

  Net& net_;
  L loss_;
  O optimizer_;
  Source data_;
  FitOptions options_;
  Index count_;
  Index batch_size_;
  Random random_;
  std::vector<Index> order_;
  BatchBuffer<S> buffer_;
  Workspace<Net, Batch> workspace_;
  OptimizerState optimizer_state_;
  detail::CarriedState<Net, Batch> carried_;
  std::vector<Index> lengths_;
  Index step_ = 0;
};

namespace detail {

/// Goes on after every epoch.
struct GoOn {
  bool operator()(const EpochReport&) const { return true; }
};

template <class Callback>
bool goes_on(Callback& callback, const EpochReport& report) {
  if constexpr (std::is_void_v<decltype(callback(report))>) {
    callback(report);
    return true;
  } else {
    return callback(report);
  }
}

template <Index Batch, class Net, class L, class O, class Source, class Callback>
History run_training(Net& net, const L& loss, const O& optimizer, const Source& data,
                     const FitOptions& options, Callback& callback) {
  Training<Net, L, O, Source, Batch> training(net, loss, optimizer, data, options);
  History history;
  history.losses.reserve(static_cast<std::size_t>(options.epochs));
  const FlushDenormals flush(options.flush_denormals);
  for (Index epoch = 1; epoch <= options.epochs; ++epoch) {
    history.epoch = epoch;
    if constexpr (requires { optimizer.learning_rate; }) {
      const double passed = options.epochs > 1 ? double(epoch - 1) / double(options.epochs - 1) : 0;
      training.optimizer().learning_rate =
          optimizer.learning_rate * (1 - passed * (1 - options.final_rate));
    }
    const double loss_of_epoch = training.run_epoch();
    if (!is_finite(loss_of_epoch)) {
      history.status = Status::NonFinite;
      history.step = training.failed_step();
      return history;
    }
    history.losses.push_back(loss_of_epoch);
    if (!goes_on(callback, EpochReport{epoch, loss_of_epoch, training.samples()})) {
      history.status = Status::Stopped;
      return history;
    }
  }
  return history;
}

}  // namespace detail

/// Trains a network: epochs over the data in a fresh random order each, one step of the optimizer a
/// batch; the last batch is as short as it comes out. Online learning is a batch_size of 1,
/// full-batch learning `full_batch`.
///
///     auto history = bf::fit(net, bf::HalfSquaredError{}, bf::Adam{}, bf::Samples{X, Z},
///                            {.epochs = 100, .batch_size = 16});
///
/// @param data Samples, Sequences or Windows
/// @param callback called with an EpochReport after each epoch; returns whether to go on (or void)
/// @return the loss of each epoch, and why training ended. Where E or a gradient is not finite, it
/// ends before that step, and the network keeps its last finite parameters.
/// @throws std::invalid_argument for options, settings or data out of range
template <class Net, class L, class O, class Source, class Callback = detail::GoOn>
History fit(Net& net, const L& loss, const O& optimizer, const Source& data,
            const FitOptions& options = {}, Callback&& callback = {}) {
  static_assert(Loss<L>,
                "backfold: the second argument of fit is a loss: it needs value(y, z) and "
                "derivative(y, z) on Lanes");
  static_assert(Optimizer<O>,
                "backfold: the third argument of fit is an optimizer: it needs "
                "check(), State and step()");
  using S = typename Net::Scalar;
  using Data =
      std::conditional_t<std::is_convertible_v<Source, Sequences<S>>, Sequences<S>, Source>;
  static_assert(SequenceSource<Data>,
                "backfold: fit learns from Samples, Sequences or Windows of the network's scalar");
  const Data source = data;
  if constexpr (std::is_same_v<Data, Sequences<S>>) {
    check_data(source, net.inputs(), net.outputs());
  }
  source.check_finite();
  if (options.batch_size == 1) {
    return detail::run_training<1>(net, loss, optimizer, source, options, callback);
  }
  return detail::run_training<Dynamic>(net, loss, optimizer, source, options, callback);
}

}  // namespace backfold::inline BACKFOLD_ABI
