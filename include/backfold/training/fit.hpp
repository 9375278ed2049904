// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "backfold/core/denormals.hpp"
#include "backfold/core/random.hpp"
#include "backfold/optimizer/optimizer.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/history.hpp"
#include "backfold/training/shard.hpp"

namespace backfold::inline BACKFOLD_ABI {

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
        optimizer_state_(start<S, parameters>(optimizer, net.parameter_count())),
        finite_(net.parameters()),
        first_(net, data_[0], shard_size(), steps_of_pass(), gathers()),
        others_(at(shard_count() - 1), first_),
        gradients_(net.parameter_count(), shard_count() - 1) {
    std::iota(order_.begin(), order_.end(), Index{0});
  }

  /// The sum of E over an epoch's steps, each weighed by its targets; NaN where a step was not
  /// finite (then `failed_step` says which, and the parameters are the last finite ones: those
  /// before that step, or where steps have overflown them, those before the epoch).
  double run_epoch() {
    if (options_.shuffle) shuffle(random_, order_.data(), count_);
    error_ = 0;
    weight_ = 0;
    step_ = 0;
    finite_ = net_.parameters();
    const Index size = batch_size();
    if (options_.stateful) first_.carried().forget(size);
    for (Index i = 0; i < count_; i += size) {
      const Index n = size < count_ - i ? size : count_ - i;
      bool learned;
      if constexpr (Batch == 1) {
        learned = learn(data_[order_[at(i)]]);
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
    options.check();
    check_settings(loss);
    if (data.count() < 1) fail_argument("data: no samples");
    detail::check_parameters(net);
    check_data(data[0], net.inputs(), net.outputs());
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
    if (!parameters_are_finite()) net_.parameters() = finite_;
    return std::numeric_limits<double>::quiet_NaN();
  }

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  Index batch_size() const { return Batch == Dynamic ? batch_size_ : Batch; }
  Index steps_of_pass() const {
    const Index steps = data_[0].steps;
    return options_.truncation > 0 && options_.truncation < steps ? options_.truncation : steps;
  }

  /// One sample alone, and all as they stand, are views; other batches are gathered.
  bool gathers() const {
    const bool all = std::is_same_v<Source, Sequences<S>> && batch_size() == count_;
    return batch_size() > 1 && (!all || shard_count() > 1);
  }

  /// What pays in threads: some samples a shard, and work for some ten microseconds each. It does
  /// not depend on their number.
  Index shard_count() const {
    if (Batch == 1 || options_.threads == 0) return 1;
    const Index steps = steps_of_pass();
    const Index least = steps > 1 ? 16 : 64;
    if (batch_size() * steps * net_.parameter_count() < 1000000) return 1;
    return std::clamp(batch_size() / least, Index{1}, Index{16});
  }

  Index shard_size() const { return (batch_size() + shard_count() - 1) / shard_count(); }
  detail::Shard<Net, Batch>& shard(Index s) { return s == 0 ? first_ : others_[at(s - 1)]; }

  /// Online learning of one sequence. One step, or as many as truncation cuts it into.
  BACKFOLD_ALWAYS_INLINE bool learn(const Sequences<S>& batch) {
    if (!options_.stateful) first_.carried().forget(batch.batch());
    const Index piece = steps_of_pass();
    const bool whole = piece == batch.steps;
    const Index end = whole ? batch.steps : batch.longest();
    for (Index t = 0; t < end; t += piece) {
      const Sequences<S> part =
          whole ? batch : first_.cut(batch, t, std::min(piece, batch.steps - t));
      const detail::ScaleBy scale{options_.reduction};
      const double e = optimizer_.step(
          net_.parameters().data(),
          [&](const S* w, S* gradient) BACKFOLD_INLINE_LAMBDA {
            return first_.evaluate(net_, loss_, w, part, scale, carries(), gradient);
          },
          optimizer_state_);
      if (!count(e, part.target_count())) return false;
      if (carries()) first_.carried().advance();
    }
    return true;
  }

  /// A batch from place i of the order on, in shards: E and gradient are summed in their order.
  bool learn(Index i, Index n) {
    const Index shards = std::min(static_cast<Index>(others_.size()) + 1, n);
    for_shards(shards, [&](Index s) {
      const Index first = n * s / shards;
      const Index end = n * (s + 1) / shards;
      take(shard(s), i + first, end - first);
      if (!options_.stateful) shard(s).carried().forget(end - first);
    });
    const Index steps = first_.batch().steps;
    Index longest = 0;
    for (Index s = 0; s < shards; ++s) longest = std::max(longest, shard(s).batch().longest());
    const Index piece = steps_of_pass();
    for (Index t = 0; t < longest; t += piece) {
      const Index length = std::min(piece, steps - t);
      Index targets = 0;
      for (Index s = 0; s < shards; ++s) targets += shard(s).begin(t, length);
      const double scale = detail::ScaleBy{options_.reduction}(targets);
      const double e = optimizer_.step(
          net_.parameters().data(),
          [&](const S* w, S* gradient) {
            for_shards(shards, [&](Index s) {
              S* const g = s == 0 ? gradient : gradients_.col(s - 1).data();
              shard(s).evaluate(net_, loss_, w, scale, carries(), g);
            });
            return sum_of(shards, gradient);
          },
          optimizer_state_);
      if (!count(e, targets)) return false;
      for (Index s = 0; s < shards && carries(); ++s) shard(s).carried().advance();
    }
    return true;
  }

  /// Gives a shard the n sequences from place i of the order on.
  void take(detail::Shard<Net, Batch>& shard, Index i, Index n) {
    if (gathers()) {
      shard.gather(data_, order_.data() + i, n);
    } else if constexpr (std::is_same_v<Source, Sequences<S>>) {
      shard.take(batch_size() == 1 ? data_[order_[at(i)]] : data_);
    } else {
      shard.take(data_[order_[at(i)]]);
    }
  }

  /// Adds E and the gradients of all shards up; each number in the order of the shards.
  double sum_of(Index shards, S* gradient) {
    constexpr Index piece = 4096;
    const Index n = shards > 1 ? net_.parameter_count() : 0;
    for_shards((n + piece - 1) / piece, [&](Index p) {
      for (Index s = 1; s < shards; ++s) {
        S* const to = gradient + p * piece;
        transform_into(
            to, std::min(piece, n - p * piece), [](const auto& a, const auto& b) { return a + b; },
            to, gradients_.col(s - 1).data() + p * piece);
      }
    });
    double error = 0;
    for (Index s = 0; s < shards; ++s) error += shard(s).error();
    return error;
  }

  /// Calls f(0) to f(n − 1), in threads if compiled with OpenMP.
  template <class F>
  void for_shards(Index n, const F& f) const {
    if (n == 1) return f(Index{0});
#if defined(_OPENMP)
    const int threads = static_cast<int>(std::clamp(options_.threads, Index{1}, n));
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
#endif
    for (Index s = 0; s < n; ++s) {
      const FlushDenormals flush(options_.flush_denormals);  // a setting of each thread
      f(s);
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
  std::vector<Index> order_;
  OptimizerState optimizer_state_;
  Vector<S> finite_;  ///< the parameters before the epoch
  detail::Shard<Net, Batch> first_;
  std::vector<detail::Shard<Net, Batch>> others_;
  Matrix<S> gradients_;  ///< of all shards but the first
  double error_ = 0;
  double weight_ = 0;
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
  // So many epochs may be no more than a bound, where the callback is to stop.
  history.losses.reserve(static_cast<std::size_t>(std::min(options.epochs, Index{1} << 16)));
  const FlushDenormals flush(options.flush_denormals);
  for (Index epoch = 1; epoch <= options.epochs; ++epoch) {
    history.epoch = epoch;
    if constexpr (requires { optimizer.learning_rate; }) {
      const double passed = options.epochs > 1 ? double(epoch - 1) / double(options.epochs - 1) : 0;
      training.optimizer().learning_rate =
          optimizer.learning_rate * (1 - passed * (1 - options.final_rate));
    } else if (options.final_rate != 1) {
      fail_argument("fit: final_rate is for optimizers with a learning_rate");
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
/// ends before that step, and the network keeps its last finite parameters (those before the epoch,
/// if steps have overflown the parameters themselves).
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
  if constexpr (std::is_same_v<Data, Sequences<S>>) {
    if (source.target_count() == 0) fail_argument("data: all weights are 0");
  }
  // Without delays, one sample at a time is one column: a sequence of several is a batch of them.
  if (options.batch_size == 1 && (Net::Graph::is_recurrent || source[0].steps == 1)) {
    return detail::run_training<1>(net, loss, optimizer, source, options, callback);
  }
  return detail::run_training<Dynamic>(net, loss, optimizer, source, options, callback);
}

}  // namespace backfold::inline BACKFOLD_ABI
