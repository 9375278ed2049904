// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/denormals.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/long_sum.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/batches.hpp"
#include "backfold/training/check_learning.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/history.hpp"
#include "backfold/training/hook/hook.hpp"
#include "backfold/training/objective_in_use.hpp"
#include "backfold/training/parameter_guard.hpp"
#include "backfold/training/stored.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A training run: batches of the data, the objective over them, and an optimizer with its state.
/// `fit` makes one and runs its epochs; keep one yourself to continue after the last run.
///
///     bf::Trainer training(net, loss, bf::Adam{}, data, {.batch_size = 16});
///     training.run(10);
/// training.run(10);   // bitwise equal to fit with 20 epochs
///
/// The network must outlive it and keep its sizes; its parameters may be set at any time. Only the
/// constructor and the History of each run allocate. Large objects are on the heap.
///
/// @tparam Source Samples, Sequences, Windows, or a SequenceSource of your own
/// @tparam Batch 1 for online learning only, so that batches are not compiled; else Dynamic
template <class Net, class L, class O, class Source, Index Batch = Dynamic>
class Trainer {
  static_assert(Batch == 1 || Batch == Dynamic || Batch == detail::only_batches,
                "backfold: Training is for one sample at a time (1) or for any number (Dynamic)");
  static_assert(!std::is_const_v<Net>,
                "backfold: Training changes the network's parameters: give one that is not const");
  static_assert(Loss<L>,
                "backfold: the second argument of Training is a loss: it needs value(y, z) and "
                "derivative(y, z) on Lanes");
  static_assert(Optimizer<O>,
                "backfold: the third argument of Training is an optimizer: it needs check(), State "
                "and step()");
  static_assert(detail::outputs_suit_loss<Net, L>(),
                "backfold: a cross-entropy takes outputs for probabilities: the output layer needs "
                "Sigmoid or Softmax (or an activation with outputs_probabilities)");
  using Objective = detail::ObjectiveInUse<Net, L, Batch>;
  static constexpr bool is_recurrent = Net::Graph::is_recurrent;

 public:
  using S = typename Net::Scalar;
  using Data = detail::DataOf<Net, Source>;
  static_assert(SequenceSource<Data>,
                "backfold: Training learns from Samples, Sequences or Windows of the network's "
                "scalar");
  static_assert(detail::is_of_scalar<Data, S>(),
                "backfold: data must be of the network's scalar (float or double): cast the one to "
                "the other");
  static constexpr Index parameters =
      Net::fixed ? Net::ArchitectureType::fixed_parameter_count : Dynamic;
  using NetworkType = Net;
  using LossType = L;
  using OptimizerType = O;
  using OptimizerState = typename O::template State<S, parameters>;
  using GradientView = Eigen::Map<Eigen::Matrix<S, Eigen::Dynamic, 1>>;

  /// Checks all arguments, including every sample.
  /// @throws std::invalid_argument for options, settings or data out of range
  Trainer(Net& net, const L& loss, const O& optimizer, const Data& data,
          const FitOptions& options = {})
      : net_(net),
        optimizer_(optimizer),
        first_rate_(detail::learning_rate_of(optimizer)),
        options_(detail::checked_training<O>(options, loss, net, data, Objective::takes_batches)),
        batches_(data, options),
        optimizer_state_([&] { return start<S, parameters>(optimizer, net.parameter_count()); }),
        guard_(net),
        unused_(detail::carries_state<Net>(options) ? guard_.size() : 0),
        objective_(net, loss, batches_, options_) {}

  /// One epoch. A batch (or piece of a sequence) without any target is not a step of the optimizer:
  /// parameters and optimizer state do not change, but a recurrent network's state is carried
  /// through it.
  /// @return the sum of E over the epoch's steps, each weighted by its number of targets; NaN if a
  /// step was not finite. Then `failed_step` is its number, and the parameters are the last finite
  /// ones: from before that step or, if parameters have overflowed, from before the epoch.
  double run_epoch() { return run_epoch(detail::NoStepHooks{}); }

  /// Runs `epochs` further epochs, with the present optimizer state, random generator and count of
  /// epochs.
  /// @param hooks called in their order (hook/hook.hpp); a callable gets an EpochReport after each
  /// epoch and returns whether to go on (or void)
  /// @return as for `fit`, with the losses of these epochs
  template <class... Hooks>
  History run(Index epochs, Hooks&&... hooks) {
    // fit compiles two kinds of training; only one of them reports an error.
    if constexpr (Objective::takes_samples)
      detail::check_hooks<Trainer, std::remove_reference_t<Hooks>...>();
    if (epochs < 0) fail_argument("run: epochs must be >= 0, got ", epochs);
    history_ = History{};
    history_.epoch = epoch_;
    const Index end = epochs > most_epochs - epoch_ ? most_epochs : epoch_ + epochs;
    last_epoch_ = (std::max)(options_.epochs, end);
    // epochs may be just an upper bound, so memory is not reserved for all.
    history_.losses.reserve(static_cast<std::size_t>((std::min)(epochs, Index{1} << 16)));
    bool go_on = true;
    ((go_on = detail::call_begin(*this, hooks) && go_on), ...);
    history_.epoch = epoch_;  // a Checkpoint may have resumed another run
    if (go_on) {
      run_epochs(end - epoch_, hooks...);
    } else {
      history_.status = TrainingStatus::Stopped;
    }
    (detail::call_end(*this, hooks, std::as_const(history_)), ...);
    return std::exchange(history_, History{});
  }

  [[nodiscard]] Index failed_step() const { return step_; }
  /// Number of epochs begun, over all runs.
  [[nodiscard]] Index epoch() const { return epoch_; }
  /// The epoch with which the present run ends unless a hook ends it, at least `epochs` of the
  /// options.
  [[nodiscard]] Index last_epoch() const { return last_epoch_; }
  /// Number of optimizer steps in the present epoch.
  [[nodiscard]] Index step() const { return step_; }
  /// Number of optimizer steps over all epochs and runs; 0 before the first.
  [[nodiscard]] Index steps_taken() const { return static_cast<Index>(update_); }
  /// Number of steps of an epoch if every batch, and every piece of it, has a target.
  [[nodiscard]] Index steps_per_epoch() const { return batches_.passes(); }
  /// E of the last step, at the parameters before it, with the options' reduction.
  [[nodiscard]] double step_loss() const { return step_loss_; }
  /// Losses of the present run's epochs; empty after it has ended.
  [[nodiscard]] const std::vector<double>& losses() const { return history_.losses; }
  Net& network() { return net_; }
  [[nodiscard]] const Net& network() const { return net_; }
  [[nodiscard]] const L& loss() const {
    return Objective::with(objective_, [](const auto& o) -> const L& { return o.loss(); });
  }
  [[nodiscard]] const FitOptions& options() const { return options_; }
  /// Initial learning rate of the training; 0 for an optimizer without one.
  [[nodiscard]] double first_learning_rate() const { return first_rate_; }
  [[nodiscard]] Index samples() const { return batches_.count(); }
  OptimizerState& optimizer_state() { return *optimizer_state_; }
  /// The settings may change between epochs, for example the learning rate (which each epoch sets
  /// if `final_rate` is not 1).
  O& optimizer() { return optimizer_; }
  Random& random() { return batches_.random(); }

  /// Calls f(name, numbers, count) for all values that later epochs depend on, besides settings and
  /// data, and f("losses", vector) for the losses of the present run. A Checkpoint stores them.
  /// @throws std::invalid_argument if f has set an invalid order, generator state, epoch or
  /// learning rate
  template <class Function>
  void for_each_value(const Function& f) {
    f("parameters", net_.parameters().data(), net_.parameter_count());
    f("epoch", &epoch_, Index{1});
    f("update", &update_, Index{1});
    if constexpr (requires(O & o) { innermost(o).learning_rate; }) {
      f("learning_rate", &innermost(optimizer_).learning_rate, Index{1});
    }
    f("losses", history_.losses);
    batches_.for_each_value(f);
    if (epoch_ < 0) fail_argument("training: the epoch cannot be ", std::exchange(epoch_, 0));
    (optimizer_.check)();
  }

 private:
  static constexpr Index most_epochs = (std::numeric_limits<Index>::max)();

  template <class Steps>
  double run_epoch(const Steps& steps) {
    const FlushDenormals flush(options_.flush_denormals);
    begin_epoch();
    if (!learn_epoch(steps) || !guard_.are_finite(net_)) {
      // Too large a rate overflows w itself, before E is evaluated there.
      guard_.restore(net_);
      return detail::hidden_nan();
    }
    if (step_ == 0) fail_argument("data: all weights are 0");
    return options_.reduction == Reduction::Mean ? error_.total() / weight_ : error_.total();
  }

  template <class... Hooks>
  void run_epochs(Index epochs, Hooks&... hooks) {
    using All = detail::StepHooks<Trainer, Hooks...>;
    for (Index i = 0; i < epochs; ++i) {
      double loss;
      if constexpr (All::sees_steps || All::sees_gradients) {
        loss = run_epoch(All(*this, hooks...));
      } else {
        loss = run_epoch();
      }
      history_.epoch = epoch_;
      if (!is_finite(loss)) {
        history_.status = TrainingStatus::NonFinite;
        history_.step = failed_step();
        return;
      }
      history_.losses.push_back(loss);
      [[maybe_unused]] EpochReport report{epoch_, loss, samples()};
      bool go_on = true;
      ((go_on = detail::call_after_epoch(*this, hooks, report) && go_on, report.is_last = !go_on),
       ...);
      if (!go_on) {
        history_.status = TrainingStatus::Stopped;
        return;
      }
    }
  }

  void begin_epoch() {
    batches_.check_not_moved();
    guard_.check_sizes(net_);
    detail::check_state(*optimizer_state_, guard_.size());
    detail::set_final_rate(optimizer_, options_, first_rate_, epoch_);
    detail::check_for(optimizer_, guard_.size());
    detail::check_initialized(net_);
    ++epoch_;
    batches_.begin_epoch();
    error_ = {};
    weight_ = 0;
    step_ = 0;
    unlearnt_steps_ = 0;  // a resumed epoch has not seen the last one's
    guard_.keep(net_);
  }

  /// All steps of an epoch; false if one was not finite.
  template <class Steps>
  bool learn_epoch(const Steps& hooks) {
    return Objective::with(objective_, [&](auto& objective) {
      if (options_.stateful) objective.carried().forget(1);
      const Index size = batches_.batch_size();
      for (Index i = 0; i < batches_.count(); i += size) {
        const Index n = size < batches_.count() - i ? size : batches_.count() - i;
        if (!learn(objective, objective.take(batches_, i, n), hooks)) return false;
      }
      return true;
    });
  }

  /// Learns a batch: one step, or one for each piece of a truncated pass.
  template <class OfKind, class Steps>
  BACKFOLD_ALWAYS_INLINE bool learn(OfKind& objective, const typename OfKind::Part& batch,
                                    const Steps& hooks) {
    if (!options_.stateful) objective.forget(batch);
    const Index piece = batches_.steps_of_pass(batch.steps);
    const Index end = piece == batch.steps ? batch.steps : batch.longest();
    for (Index t = 0; t < end; t += piece) {
      guard_.check_sizes(net_);
      const auto& part = objective.cut(batch, t, (std::min)(piece, batch.steps - t));
      const Index targets = part.target_count();
      if (targets > 0) {
        const double e = detail::step_in_ranges(
            optimizer_, net_.parameters().data(),
            [&](const S* w, S* gradient) BACKFOLD_INLINE_LAMBDA {
              return shown(objective(w, part, noise(), gradient), gradient, hooks);
            },
            *optimizer_state_, objective.ranges());
        if (!count(e, targets, hooks)) return false;
      } else if constexpr (is_recurrent) {
        if (objective.carries()) {
          objective(net_.parameters().data(), part, noise(), unused_.data());
          unlearnt_steps_ += part.steps;
        }
      }
      if (objective.carries()) objective.advance(part);
    }
    return true;
  }

  /// Passes a gradient to the hooks with after_gradient. @return E
  template <class Steps>
  BACKFOLD_ALWAYS_INLINE double shown(double error, S* gradient, const Steps& hooks) {
    if constexpr (Steps::sees_gradients) {
      GradientView view(gradient, guard_.size());
      hooks.after_gradient(view);
    }
    return error;
  }

  /// Records a step; false if it was not finite.
  template <class Steps>
  bool count(double e, Index targets, const Steps& hooks) {
    ++step_;
    ++update_;
    unlearnt_steps_ = 0;
    if (!is_finite(e)) return false;
    const double n = static_cast<double>(targets);
    error_.add(options_.reduction == Reduction::Mean ? e * n : e);
    weight_ += n;
    if constexpr (Steps::sees_steps) {
      step_loss_ = e;
      hooks.after_step();
    }
    return true;
  }

  /// Noise of the present step of the optimizer, constant over all evaluations of E in it. Pieces
  /// without targets before it count as its first time steps.
  [[nodiscard]] Noise noise() const {
    return {.seed = options_.seed, .update = update_, .first_step = unlearnt_steps_};
  }

  Net& net_;
  O optimizer_;
  double first_rate_;
  FitOptions options_;
  detail::Batches<Data, S> batches_;
  detail::Stored<OptimizerState> optimizer_state_;
  detail::ParameterGuard<Net> guard_;
  detail::Array<S> unused_;  ///< gradient of pieces without targets, which run for their state only
  Objective objective_;
  detail::LongSum error_;
  double weight_ = 0;
  Index step_ = 0;
  std::uint64_t update_ = 0;
  Index unlearnt_steps_ = 0;  ///< time steps of pieces without targets since the last update
  Index epoch_ = 0;
  Index last_epoch_ = 0;
  double step_loss_ = 0;  ///< only if a hook uses steps
  History history_;       ///< of the present run
};

template <class Net, class L, class O, class Source>
Trainer(Net&, const L&, const O&, const Source&, const FitOptions& = {})
    -> Trainer<Net, L, O, detail::DataOf<Net, Source>>;

BACKFOLD_END_NAMESPACE
