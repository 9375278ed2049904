// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <numeric>
#include <type_traits>

#include "backfold/core/array.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/random.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/check_learning.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/shards.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// What `fit` can learn from: so many sequences (or samples), each as a view.
template <class D>
concept SequenceSource = requires(const D data) {
  { data.count() } -> std::convertible_to<Index>;
  data[Index{0}];
};

/// Training in hand: a network's workspace, an optimizer's state, the random order. `fit` makes one
/// and runs its epochs; keep one yourself to train in pieces of your own. Only making it allocates.
///
/// @tparam Batch the samples of a step where they are a constant (1: online learning), else Dynamic
template <class Net, class L, class O, class Source, Index Batch = Dynamic>
class Training {
  static_assert(Batch == 1 || Batch == Dynamic,
                "backfold: Training is for one sample at a time (1) or for any number (Dynamic)");
  static_assert(detail::outputs_suit_loss<Net, L>(),
                "backfold: a cross-entropy takes outputs for probabilities: the output layer needs "
                "Sigmoid or Softmax (or an activation with outputs_probabilities)");
  static constexpr bool one_sample = Batch == 1;

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
        batch_size_(options.batch_size == full_batch ? count_
                                                     : (std::min)(options.batch_size, count_)),
        random_(options.seed),
        order_(count_),
        optimizer_state_(start<S, parameters>(optimizer, net.parameter_count())),
        finite_(net.parameter_count()),
        passes_(make_passes(net)) {
    std::iota(order_.data(), order_.data() + count_, Index{0});
  }

  /// The sum of E over an epoch's steps, each weighed by its targets; NaN where a step was not
  /// finite (then `failed_step` says which, and the parameters are the last finite ones: those
  /// before that step, or where steps have overflown them, those before the epoch).
  double run_epoch() {
    detail::check_initialized(net_);
    if (options_.shuffle) shuffle(random_, order_.data(), count_);
    error_ = 0;
    weight_ = 0;
    step_ = 0;
    detail::copy_numbers(net_.parameters().data(), finite_.data(), finite_.size());
    const Index size = batch_size();
    if (options_.stateful) forget_all(size);
    for (Index i = 0; i < count_; i += size) {
      const Index n = size < count_ - i ? size : count_ - i;
      bool learned;
      if constexpr (one_sample) {
        learned = learn(data_[order_.data()[i]]);
      } else {
        learned = learn(i, n);
      }
      if (!learned) return failed();
    }
    if (!parameters_are_finite()) return failed();
    return options_.reduction == Reduction::Mean ? error_ / weight_ : error_;
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
    (options.check)();
    check_settings(loss);
    if (data.count() < 1) fail_argument("data: no samples");
    detail::check_parameters(net);
    check_data(data[0], net.inputs(), net.outputs());
    detail::check_sequences<Net>(data[0]);
    detail::check_targets(loss, data);
    if (options.truncation > 0 && data[0].targets_at == TargetsAt::LastStep) {
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

  bool parameters_are_finite() const {
    return all_finite(net_.parameters().data(), net_.parameter_count());
  }
  double failed() {
    // A rate that is too large overflows w itself, before any E is asked there.
    if (!parameters_are_finite()) {
      detail::copy_numbers(finite_.data(), net_.parameters().data(), finite_.size());
    }
    return detail::hidden_nan();
  }

  using Passes = std::conditional_t<one_sample, detail::Shard<Net, 1>, detail::Shards<Net>>;

  Passes make_passes(const Net& net) const {
    if constexpr (one_sample) {
      return Passes(net, data_[0], 1, steps_of_pass());
    } else {
      const bool together = std::is_same_v<Source, Sequences<S>> && batch_size() == count_;
      return Passes(net, data_[0], batch_size(), steps_of_pass(), together, options_);
    }
  }

  Index batch_size() const { return one_sample ? 1 : batch_size_; }
  Index steps_of_pass() const {
    const Index steps = data_[0].steps;
    return options_.truncation > 0 && options_.truncation < steps ? options_.truncation : steps;
  }

  void forget_all(Index batch) {
    if constexpr (one_sample) {
      passes_.carried().forget(batch);
    } else {
      passes_[0].carried().forget(batch);
    }
  }

  /// Online learning of one sequence. One step, or as many as truncation cuts it into.
  BACKFOLD_ALWAYS_INLINE bool learn(const Sequences<S>& batch) {
    if (!options_.stateful) passes_.carried().forget(batch.batch());
    const Index piece = steps_of_pass();
    const bool whole = piece == batch.steps;
    const Index end = whole ? batch.steps : batch.longest();
    for (Index t = 0; t < end; t += piece) {
      const Sequences<S> part =
          whole ? batch : passes_.cut(batch, t, (std::min)(piece, batch.steps - t));
      const detail::ScaleBy scale{options_.reduction};
      const double e = optimizer_.step(
          net_.parameters().data(),
          [&](const S* w, S* gradient) BACKFOLD_INLINE_LAMBDA {
            return passes_.evaluate(net_, loss_, w, part, scale, carries(), gradient);
          },
          optimizer_state_);
      if (!count(e, part.target_count())) return false;
      if (carries()) passes_.carried().advance();
    }
    return true;
  }

  /// A batch from place i of the order on, in shards.
  bool learn(Index i, Index n) {
    const Index shards = (std::min)(passes_.count(), n);
    passes_.for_each(shards, [&](Index s) {
      const Index first = n * s / shards;
      const Index end = n * (s + 1) / shards;
      take(passes_[s], i + first, end - first);
      if (!options_.stateful) passes_[s].carried().forget(end - first);
    });
    const Index steps = passes_[0].batch().steps;
    Index longest = 0;
    for (Index s = 0; s < shards; ++s) longest = (std::max)(longest, passes_[s].batch().longest());
    const Index piece = steps_of_pass();
    for (Index t = 0; t < longest; t += piece) {
      const Index length = (std::min)(piece, steps - t);
      Index targets = 0;
      for (Index s = 0; s < shards; ++s) targets += passes_[s].begin(t, length);
      const double scale = detail::ScaleBy{options_.reduction}(targets);
      const double e = optimizer_.step(
          net_.parameters().data(),
          [&](const S* w, S* gradient) {
            return passes_.evaluate(shards, net_, loss_, w, scale, carries(), gradient);
          },
          optimizer_state_);
      if (!count(e, targets)) return false;
      for (Index s = 0; s < shards && carries(); ++s) passes_[s].carried().advance();
    }
    return true;
  }

  /// Gives a shard the n sequences from place i of the order on.
  void take(detail::BatchShard<Net>& shard, Index i, Index n) {
    const Index* const order = order_.data() + i;
    if (passes_.gathers()) {
      shard.gather(data_, order, n);
    } else if constexpr (std::is_same_v<Source, Sequences<S>>) {
      shard.take(batch_size() == 1 ? data_[order[0]] : data_);
    } else {
      shard.take(data_[order[0]]);
    }
  }

  /// Books a step; false where it was not finite.
  bool count(double e, Index targets) {
    ++step_;
    if (!is_finite(e)) return false;
    const double n = static_cast<double>(targets);
    error_ += options_.reduction == Reduction::Mean ? e * n : e;
    weight_ += n;
    return true;
  }

  bool carries() const {
    return Net::Graph::is_recurrent && (options_.truncation > 0 || options_.stateful);
  }

  Net& net_;
  L loss_;
  O optimizer_;
  Source data_;
  FitOptions options_;
  Index count_;
  Index batch_size_;
  Random random_;
  detail::Array<Index> order_;
  OptimizerState optimizer_state_;
  detail::Array<S> finite_;  ///< the parameters before the epoch
  Passes passes_;
  double error_ = 0;
  double weight_ = 0;
  Index step_ = 0;
};

BACKFOLD_END_NAMESPACE
