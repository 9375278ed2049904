// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/denormals.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/long_sum.hpp"
#include "backfold/core/random.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/check_learning.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/history.hpp"
#include "backfold/training/hook/hook.hpp"
#include "backfold/training/shards.hpp"
#include "backfold/training/stored.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// In place of Training's Batch: batches alone, so that online learning is not compiled.
inline constexpr Index only_batches = -2;

}  // namespace detail

/// Training in hand: a network's workspace, an optimizer's state, the random order. `fit` makes one
/// and runs its epochs; keep one yourself to go on where the last run ended.
///
///     bf::Training training(net, loss, bf::Adam{}, data, {.batch_size = 16});
///     training.run(10);
///     training.run(10);   // the same bits as fit with 20 epochs
///
/// The network must live as long, and keep its sizes; its parameters may be set at any time. Only
/// making it (and the History of each run) allocates. What is large lies on the heap.
///
/// @tparam Source Samples, Sequences, Windows, or a SequenceSource of your own
/// @tparam Batch 1 for online learning alone, so that batches are not compiled; else Dynamic
template <class Net, class L, class O, class Source, Index Batch = Dynamic>
class Training {
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
  static constexpr bool takes_samples = Batch != detail::only_batches;
  static constexpr bool takes_batches = Batch != 1;
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
  using OptimizerType = O;
  using OptimizerState = typename O::template State<S, parameters>;
  using GradientView = Eigen::Map<Eigen::Matrix<S, Eigen::Dynamic, 1>>;

  /// Checks all that it is given, every sample too.
  /// @throws std::invalid_argument for options, settings or data out of range
  Training(Net& net, const L& loss, const O& optimizer, const Data& data,
           const FitOptions& options = {})
      : net_(net),
        loss_(loss),
        optimizer_(optimizer),
        first_rate_(detail::learning_rate_of(optimizer)),
        options_(checked(options, loss, net, data)),
        data_(data),
        sizes_(net.architecture().sizes()),
        count_(data_.count()),
        batch_size_(options_.batch_size == full_batch ? count_
                                                      : (std::min)(options_.batch_size, count_)),
        random_(options_.seed),
        order_(count_),
        optimizer_state_([&] { return start<S, parameters>(optimizer, net.parameter_count()); }),
        finite_(net.parameter_count()),
        unused_(carries() ? finite_.size() : 0),
        online_(is_online()),
        sample_([this] { return make_sample(); }, online_),
        shards_([this] { return make_shards(); }, !online_) {
    std::iota(order_.data(), order_.data() + count_, Index{0});
  }

  /// One epoch. A batch (or piece of a sequence) in which nothing has a target is no step of the
  /// optimizer: parameters and state stay, but a recurrent network's state is carried through it.
  /// @return the sum of E over the epoch's steps, each weighed by its targets; NaN where a step was
  /// not finite (then `failed_step` says which, and the parameters are the last finite ones: those
  /// before that step, or where steps have overflown them, those before the epoch).
  double run_epoch() { return run_epoch(detail::NoStepHooks{}); }

  /// Runs `epochs` more epochs: the optimizer's state, the random order and the count of epochs go
  /// on from where they are.
  /// @param hooks called in their order (hook/hook.hpp); a callable gets an EpochReport after each
  /// epoch and returns whether to go on (or void)
  /// @return as of `fit`, with the losses of these epochs
  template <class... Hooks>
  History run(Index epochs, Hooks&&... hooks) {
    // fit compiles two kinds of training: one of them reports a mistake.
    if constexpr (takes_samples) detail::check_hooks<Training, std::remove_reference_t<Hooks>...>();
    if (epochs < 0) fail_argument("run: epochs must be >= 0, got ", epochs);
    history_ = History{};
    history_.epoch = epoch_;
    const Index end = epochs > most_epochs - epoch_ ? most_epochs : epoch_ + epochs;
    last_epoch_ = (std::max)(options_.epochs, end);
    // So many epochs may be no more than a bound, where a hook is to stop.
    history_.losses.reserve(static_cast<std::size_t>((std::min)(epochs, Index{1} << 16)));
    bool go_on = true;
    ((go_on = detail::call_begin(*this, hooks) && go_on), ...);
    history_.epoch = epoch_;  // a Checkpoint has begun where another run was
    if (go_on) {
      run_epochs(end - epoch_, hooks...);
    } else {
      history_.status = TrainingStatus::Stopped;
    }
    (detail::call_end(*this, hooks, std::as_const(history_)), ...);
    return std::exchange(history_, History{});
  }

  [[nodiscard]] Index failed_step() const { return step_; }
  /// The epochs begun so far, over all runs.
  [[nodiscard]] Index epoch() const { return epoch_; }
  /// The epoch with which the present run ends unless a hook ends it, or `epochs` of the options
  /// where those are more.
  [[nodiscard]] Index last_epoch() const { return last_epoch_; }
  /// The optimizer's steps in the present epoch.
  [[nodiscard]] Index step() const { return step_; }
  /// The steps of an epoch in which every batch, and every piece of it, has a target.
  [[nodiscard]] Index steps_per_epoch() const {
    const Index steps = first().steps;
    const Index piece = steps_of_pass(steps);
    return ((count_ - 1) / batch_size_ + 1) * ((steps - 1) / piece + 1);
  }
  /// E of the last step, at the parameters before it, reduced as the options say.
  [[nodiscard]] double step_loss() const { return step_loss_; }
  /// The losses of the present run's epochs; empty once it has ended.
  [[nodiscard]] const std::vector<double>& losses() const { return history_.losses; }
  Net& network() { return net_; }
  [[nodiscard]] const Net& network() const { return net_; }
  [[nodiscard]] const L& loss() const { return loss_; }
  [[nodiscard]] const FitOptions& options() const { return options_; }
  /// The learning rate with which training began; 0 for an optimizer without one.
  [[nodiscard]] double first_learning_rate() const { return first_rate_; }
  [[nodiscard]] Index samples() const { return count_; }
  OptimizerState& optimizer_state() { return *optimizer_state_; }
  /// The settings may change between epochs (a learning rate that falls; where `final_rate` is
  /// not 1, each epoch sets it).
  O& optimizer() { return optimizer_; }
  Random& random() { return random_; }

  /// Calls f(name, numbers, count) for all that further epochs depend on besides settings and data,
  /// and f("losses", vector) for the losses of the present run: what a Checkpoint keeps.
  /// @throws std::invalid_argument where f has set an order that is none of the samples, or a state
  /// that the generator cannot have
  template <class Function>
  void for_each_value(const Function& f) {
    f("parameters", net_.parameters().data(), net_.parameter_count());
    f("epoch", &epoch_, Index{1});
    f("update", &update_, Index{1});
    if constexpr (requires(O & o) { o.learning_rate; }) {
      f("learning_rate", &optimizer_.learning_rate, Index{1});
    }
    f("order", order_.data(), count_);
    Random::State state = random_.state();
    f("random", state.words, Index{4});
    f("losses", history_.losses);
    check_order();
    if (state == Random::State{}) fail_argument("training: a generator's state cannot be all 0");
    random_ = Random(state);
  }

 private:
  using Sample = detail::Shard<Net, 1>;
  static constexpr Index most_epochs = (std::numeric_limits<Index>::max)();

  template <class Steps>
  double run_epoch(const Steps& steps) {
    const FlushDenormals flush(options_.flush_denormals);
    begin_epoch();
    if (!learn_epoch(steps)) return failed();
    if (!parameters_are_finite()) return failed();
    if (step_ == 0) fail_argument("data: all weights are 0");
    return options_.reduction == Reduction::Mean ? error_.total() / weight_ : error_.total();
  }

  template <class... Hooks>
  void run_epochs(Index epochs, Hooks&... hooks) {
    using All = detail::StepHooks<Training, Hooks...>;
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

  static const FitOptions& checked(const FitOptions& options, const L& loss, const Net& net,
                                   const Data& data) {
    (options.check)();
    check_settings(loss);
    detail::check_parameters(net);
    detail::check_source<Net>(data, net.inputs(), net.outputs(), outputs_per_target<L>);
    detail::check_masks<Net, L>(data);
    detail::check_targets<S>(loss, data);
    if (!takes_batches && options.batch_size != 1) {
      fail_argument("training: its type is for one sample at a time, batch_size is ",
                    options.batch_size);
    }
    if (!is_recurrent && options.truncation > 0) {
      fail_argument(
          "fit: truncation is for networks with delayed connections, this one has none: expected "
          "0, got ",
          options.truncation);
    }
    if (!is_recurrent && options.stateful) {
      fail_argument(
          "fit: stateful training is for networks with delayed connections, this one has none");
    }
    if (options.final_rate != 1 && !detail::follows_learning_rate<O>()) {
      fail_argument(
          "fit: final_rate is for optimizers with a learning_rate that each step uses, expected 1, "
          "got ",
          options.final_rate);
    }
    const Sequences<S> first = data[0];
    if (options.truncation > 0 && first.targets_at == TargetsAt::LastStep) {
      fail_argument("fit: truncation needs targets at every step");
    }
    if constexpr (requires { data.options().stride; }) {
      const Index length = data.options().length;
      const Index stride = data.options().stride;
      if (options.stateful && stride != length) {
        fail_argument("fit: stateful training needs windows that follow one another, of stride ",
                      length, ", got ", stride);
      }
    }
    return options;
  }

  void check_order() {
    std::vector<bool> seen(static_cast<std::size_t>(count_));
    for (Index i = 0; i < count_; ++i) {
      const Index sample = order_.data()[i];
      if (sample < 0 || sample >= count_ || seen[static_cast<std::size_t>(sample)]) {
        std::iota(order_.data(), order_.data() + count_, Index{0});
        fail_argument("training: an order of ", count_, " samples has sample ", sample,
                      " out of range or twice");
      }
      seen[static_cast<std::size_t>(sample)] = true;
    }
  }

  void begin_epoch() {
    if (order_.size() != count_) fail_argument("training: it has been moved from");
    check_network();
    if (detail::parameters_of(*optimizer_state_, finite_.size()) != finite_.size()) {
      fail_argument("training: the optimizer's state is for ",
                    detail::parameters_of(*optimizer_state_, finite_.size()),
                    " parameters, the network has ", finite_.size());
    }
    set_learning_rate();
    (optimizer_.check)();
    detail::check_initialized(net_);
    ++epoch_;
    if (options_.shuffle) shuffle(random_, order_.data(), count_);
    error_ = {};
    weight_ = 0;
    step_ = 0;
    detail::copy_numbers(net_.parameters().data(), finite_.data(), finite_.size());
    if (options_.stateful) forget();
  }

  /// The rate of the next epoch, on the line from the first rate to its final part.
  void set_learning_rate() {
    if constexpr (detail::follows_learning_rate<O>()) {
      if (options_.final_rate == 1) return;
      const Index epochs = options_.epochs;
      if (epoch_ >= epochs) {
        fail_argument("training: the learning rate has fallen to final_rate after ", epochs,
                      " epochs: set `epochs` to all that are to be run");
      }
      optimizer_.learning_rate = static_cast<decltype(optimizer_.learning_rate)>(
          first_rate_ * detail::linear_factor(double(epoch_), double(epochs), options_.final_rate));
    }
  }

  /// Asked before each step: memory is laid out for the sizes that the network had at first, and a
  /// callback, a loss or an optimizer may have given it others.
  BACKFOLD_ALWAYS_INLINE void check_network() const {
    if constexpr (Net::inline_parameters == Dynamic) {
      const bool same_sizes = Net::fixed || net_.architecture().sizes() == sizes_;
      if (!same_sizes || net_.parameter_count() != finite_.size()) fail_network();
    }
  }
  [[noreturn]] BACKFOLD_NO_INLINE void fail_network() const {
    const auto now = net_.architecture().sizes();
    for (std::size_t l = 0; l < sizes_.size(); ++l) {
      if (now[l] == sizes_[l]) continue;
      fail_argument("training: layer ", l, " of the network had ", sizes_[l],
                    " units when training began, now it has ", now[l]);
    }
    fail_argument("network: it has ", finite_.size(), " parameters, the vector set holds ",
                  net_.parameter_count());
  }

  [[nodiscard]] bool parameters_are_finite() const {
    check_network();
    return all_finite(net_.parameters().data(), net_.parameter_count());
  }
  double failed() {
    // A rate that is too large overflows w itself, before any E is asked there.
    if (!parameters_are_finite()) {
      detail::copy_numbers(finite_.data(), net_.parameters().data(), finite_.size());
    }
    return detail::hidden_nan();
  }

  /// Whether each step takes one column: without delays, a sequence of several is a batch of them.
  [[nodiscard]] bool is_online() const {
    return options_.batch_size == 1 &&
           (!takes_batches || (takes_samples && (is_recurrent || first().steps == 1)));
  }
  [[nodiscard]] Sequences<S> first() const { return data_[0]; }

  [[nodiscard]] Sample make_sample() const {
    const Sequences<S> one = first();
    return Sample(net_, one, 1, steps_of_pass(one.steps));
  }
  [[nodiscard]] detail::Shards<Net> make_shards() const {
    const Sequences<S> one = first();
    const bool together = std::is_same_v<Data, Sequences<S>> && batch_size_ == count_;
    return detail::Shards<Net>(net_, one, batch_size_, steps_of_pass(one.steps), together,
                               options_);
  }

  [[nodiscard]] Index steps_of_pass(Index steps) const {
    return options_.truncation > 0 && options_.truncation < steps ? options_.truncation : steps;
  }

  /// The state before the first step of an epoch in which it is carried all through.
  void forget() {
    if constexpr (takes_samples) {
      if (online_) sample().carried().forget(1);
    }
    if constexpr (takes_batches) {
      if (!online_) (*shards_)[0].carried().forget(1);
    }
  }

  /// All steps of an epoch; false where one was not finite.
  template <class Steps>
  bool learn_epoch(const Steps& hooks) {
    if constexpr (takes_samples) {
      if (online_) {
        for (Index i = 0; i < count_; ++i) {
          if (!learn(data_[order_.data()[i]], hooks)) return false;
        }
        return true;
      }
    }
    if constexpr (takes_batches) {
      for (Index i = 0; i < count_; i += batch_size_) {
        if (!learn(i, batch_size_ < count_ - i ? batch_size_ : count_ - i, hooks)) return false;
      }
    }
    return true;
  }

  BACKFOLD_ALWAYS_INLINE double evaluate(const S* w, const Sequences<S>& part, S* gradient) {
    return sample().evaluate(net_, loss_, w, part, detail::ScaleBy{options_.reduction}, carries(),
                             noise(), gradient);
  }
  /// Compiled once for the step and for what has no target.
  BACKFOLD_NO_INLINE double evaluate_sequence(const S* w, const Sequences<S>& part, S* gradient) {
    return evaluate(w, part, gradient);
  }

  /// Online learning of one sequence. One step, or as many as truncation cuts it into.
  template <class Steps>
  BACKFOLD_ALWAYS_INLINE bool learn(const Sequences<S>& batch, const Steps& hooks) {
    if (!options_.stateful) sample().carried().forget(batch.batch());
    const Index piece = steps_of_pass(batch.steps);
    const bool whole = piece == batch.steps;
    const Index end = whole ? batch.steps : batch.longest();
    for (Index t = 0; t < end; t += piece) {
      check_network();
      const Sequences<S> part =
          whole ? batch : sample().cut(batch, t, (std::min)(piece, batch.steps - t));
      const Index targets = part.target_count();
      if (targets > 0) {
        const double e = optimizer_.step(
            net_.parameters().data(),
            [&](const S* w, S* gradient) BACKFOLD_INLINE_LAMBDA {
              if constexpr (is_recurrent) {
                return shown(evaluate_sequence(w, part, gradient), gradient, hooks);
              } else {
                return shown(evaluate(w, part, gradient), gradient, hooks);
              }
            },
            *optimizer_state_);
        if (!count(e, targets, hooks)) return false;
      } else if constexpr (is_recurrent) {
        if (carries()) evaluate_sequence(net_.parameters().data(), part, unused_.data());
      }
      if (carries()) sample().carried().advance();
    }
    return true;
  }

  /// A batch from place i of the order on, in shards.
  template <class Steps>
  bool learn(Index i, Index n, const Steps& hooks) {
    const Index shards = (std::min)(shards_->count(), n);
    shards_->for_each(shards, [&](Index s) {
      const Index first = n * s / shards;
      const Index end = n * (s + 1) / shards;
      take((*shards_)[s], i + first, end - first);
      (*shards_)[s].set_first(first);
      if (!options_.stateful) (*shards_)[s].carried().forget(end - first);
    });
    const Index steps = (*shards_)[0].batch().steps;
    Index longest = 0;
    for (Index s = 0; s < shards; ++s) {
      longest = (std::max)(longest, (*shards_)[s].batch().longest());
    }
    const Index piece = steps_of_pass(steps);
    for (Index t = 0; t < longest; t += piece) {
      check_network();
      const Index length = (std::min)(piece, steps - t);
      Index targets = 0;
      for (Index s = 0; s < shards; ++s) targets += (*shards_)[s].begin(t, length);
      const double scale = detail::ScaleBy{options_.reduction}(targets);
      const auto evaluate_shards = [&](const S* w, S* gradient) {
        return shards_->evaluate(shards, net_, loss_, w, scale, carries(), noise(), gradient);
      };
      if (targets > 0) {
        const double e = optimizer_.step(
            net_.parameters().data(),
            [&](const S* w, S* gradient) {
              return shown(evaluate_shards(w, gradient), gradient, hooks);
            },
            *optimizer_state_);
        if (!count(e, targets, hooks)) return false;
      } else if (carries()) {
        evaluate_shards(net_.parameters().data(), unused_.data());
      }
      for (Index s = 0; s < shards && carries(); ++s) (*shards_)[s].carried().advance();
    }
    return true;
  }

  /// Gives a shard the n sequences from place i of the order on.
  void take(detail::BatchShard<Net>& shard, Index i, Index n) {
    const Index* const order = order_.data() + i;
    if (shards_->gathers()) {
      shard.gather(data_, order, n);
    } else if constexpr (std::is_same_v<Data, Sequences<S>>) {
      shard.take(batch_size_ == 1 ? data_[order[0]] : data_);
    } else {
      shard.take(data_[order[0]]);
    }
  }

  /// Shows a gradient to the hooks that look at it. @return E
  template <class Steps>
  BACKFOLD_ALWAYS_INLINE double shown(double error, S* gradient, const Steps& hooks) {
    if constexpr (Steps::sees_gradients) {
      GradientView view(gradient, finite_.size());
      hooks.after_gradient(view);
    }
    return error;
  }

  /// Books a step; false where it was not finite.
  template <class Steps>
  bool count(double e, Index targets, const Steps& hooks) {
    ++step_;
    ++update_;
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

  /// Of the present step of the optimizer, however often it asks for E.
  [[nodiscard]] Noise noise() const { return {options_.seed, update_}; }

  [[nodiscard]] bool carries() const {
    return is_recurrent && (options_.truncation > 0 || options_.stateful);
  }

  Sample& sample() { return *sample_; }

  Net& net_;
  L loss_;
  O optimizer_;
  double first_rate_;
  FitOptions options_;
  detail::KeptSource<Data, S> data_;
  std::array<Index, Net::layer_count> sizes_;
  Index count_;
  Index batch_size_;
  Random random_;
  detail::Array<Index> order_;
  detail::Stored<OptimizerState> optimizer_state_;
  detail::Array<S> finite_;  ///< the parameters before the epoch
  detail::Array<S> unused_;  ///< a gradient: what has no target is passed through for its state
  bool online_;
  // What is never asked for is not compiled.
  std::conditional_t<takes_samples,
                     detail::Stored<Sample, !takes_batches && detail::is_small<Sample>>,
                     detail::NotStored>
      sample_;
  std::conditional_t<takes_batches, detail::Stored<detail::Shards<Net>, false>, detail::NotStored>
      shards_;
  detail::LongSum error_;
  double weight_ = 0;
  Index step_ = 0;
  std::uint64_t update_ = 0;
  Index epoch_ = 0;
  Index last_epoch_ = 0;
  double step_loss_ = 0;  ///< where a hook looks at steps
  History history_;       ///< of the present run
};

template <class Net, class L, class O, class Source>
Training(Net&, const L&, const O&, const Source&, const FitOptions& = {})
    -> Training<Net, L, O, detail::DataOf<Net, Source>>;

BACKFOLD_END_NAMESPACE
