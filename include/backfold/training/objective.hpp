// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/size.hpp"
#include "backfold/gradient/gradient.hpp"
#include "backfold/optimizer/ranges.hpp"
#include "backfold/training/batches.hpp"
#include "backfold/training/carried_state.hpp"
#include "backfold/training/threads.hpp"

/// E and its gradient over the columns that Batches select, at the optimizer's w:
///
/// const auto batch = objective.take(batches, i, n);        // n sequences from place i on
/// objective.forget(batch);                                 // resets their state
/// const auto part = objective.cut(batch, t, steps);        // a range of steps
/// double E = objective(w, part, noise, gradient);          // any number of times
/// objective.advance(part);                                 // carries the state on to the next
/// part

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Value of Trainer's Batch for batches only, so that online learning is not compiled.
inline constexpr Index only_batches = -2;

template <class Net>
bool carries_state(const FitOptions& options) {
  return Net::Graph::is_recurrent && (options.truncation > 0 || options.stateful);
}

/// Shape of a training pass over `size` sequences like `one`, `steps` of their steps at a time.
template <class Net, class L, class S>
PassShape training_shape(const Sequences<S>& one, Index size, Index steps) {
  return evaluated_shape<Net, L>(size, steps, Purpose::Gradient, one);
}

/// Buffers for sequences that pass through a network together.
template <class Net, Index Batch>
struct PassMemory {
  using S = typename Net::Scalar;

  /// Allocates for passes of this shape over sequences with or without lengths.
  PassMemory(const Net& net, const PassShape& shape, bool has_lengths)
      : workspace(net, shape), carried(net, shape.batch), lengths(has_lengths ? shape.batch : 0) {}

  Sequences<S> cut(const Sequences<S>& batch, Index t, Index n) {
    return cut_steps(batch, t, n, lengths.data());
  }
  /// E and gradient of a part, both multiplied by the scale.
  /// @param carries true to start from the carried state and store the final one there
  template <class L, class Scale>
  BACKFOLD_ALWAYS_INLINE double evaluate(const Net& net, const L& loss, const S* w,
                                         const Sequences<S>& part, const Scale& scale, bool carries,
                                         const Noise& noise, S* gradient) {
    return detail::evaluate<Purpose::Gradient>(
        net.architecture(), w, loss, part, scale, workspace, carries ? carried.before() : nullptr,
        carries ? carried.after() : nullptr, gradient, PassSettings{Mode::Training, noise});
  }

  Workspace<Net, Batch> workspace;
  CarriedState<Net, Batch> carried;
  Array<Index> lengths;
};

/// Objective of batches, split into shards as tasks for threads. The number of shards depends only
/// on the work, not on the threads, and sums over shards are taken in order.
template <class Net, class L, Index Batch>
class Objective {
 public:
  using S = typename Net::Scalar;
  struct Part {
    Index shards;
    Index steps;
    Index longest_steps;  ///< of the longest sequence
    Index targets = 0;
    [[nodiscard]] Index longest() const { return longest_steps; }
    [[nodiscard]] Index target_count() const { return targets; }
  };

  template <class Data>
  Objective(const Net& net, const L& loss, const Batches<Data, S>& batches,
            const FitOptions& options)
      : Objective(net, loss, options, batches.first(), batches.batch_size(),
                  batches.steps_of_pass(batches.first().steps), batches.is_whole()) {}

  template <class Data>
  Part take(const Batches<Data, S>& batches, Index i, Index n) {
    const Index shards = (std::min)(count_, n);
    threads_.for_each(shards, [&](Index s) {
      Shard& shard = (*this)[s];
      shard.first = n * s / shards;
      shard.batch = batches.take(i + shard.first, n * (s + 1) / shards - shard.first, shard.buffer);
    });
    Index longest = 0;
    for (Index s = 0; s < shards; ++s) {
      longest = (std::max)(longest, (*this)[s].batch.longest());
    }
    return {shards, (*this)[0].batch.steps, longest};
  }
  /// A batch begins with a zero state, or the learnt start.
  void forget(const Part& batch) {
    for (Index s = 0; s < batch.shards; ++s) {
      (*this)[s].memory.carried.forget((*this)[s].batch.batch());
    }
  }
  Part cut(const Part& batch, Index t, Index steps) {
    Part part = batch;
    for (Index s = 0; s < batch.shards; ++s) part.targets += (*this)[s].cut(t, steps);
    return part;
  }
  double operator()(const S* w, const Part& part, const Noise& noise, S* gradient) {
    const double scale = ScaleBy{reduction_}(part.targets);
    threads_.for_each(part.shards, [&](Index s) {
      evaluate((*this)[s], w, scale, noise, s == 0 ? gradient : gradient_of(s));
    });
    if (part.shards > 1) add_up_gradients(part.shards, gradient);
    double error = 0;
    for (Index s = 0; s < part.shards; ++s) error += (*this)[s].error;
    return error;
  }
  void advance(const Part& part) {
    for (Index s = 0; s < part.shards; ++s) (*this)[s].memory.carried.advance();
  }
  /// Ranges of w for the optimizer's passes.
  [[nodiscard]] auto ranges() { return ranges_of(threads_); }
  /// True if the state is carried from part to part.
  [[nodiscard]] bool carries() const { return carries_; }
  [[nodiscard]] const L& loss() const { return loss_; }
  CarriedState<Net, Dynamic>& carried() { return first_.memory.carried; }

 private:
  struct Shard {
    Shard(const Net& net, const Sequences<S>& one, Index size, Index steps, bool gathers)
        : memory(net, training_shape<Net, L>(one, size, steps), one.lengths != nullptr),
          buffer(one, gathers ? size : 0),
          batch(one),
          part(one) {}

    Index cut(Index t, Index steps) {
      part = steps == batch.steps ? batch : memory.cut(batch, t, steps);
      return part.target_count();
    }

    PassMemory<Net, Dynamic> memory;
    BatchBuffer<S> buffer;
    Sequences<S> batch, part;
    Index first = 0;  ///< index of its first sequence in the batch
    double error = 0;
  };

  Objective(const Net& net, const L& loss, const FitOptions& options, const Sequences<S>& one,
            Index batch, Index steps, bool whole)
      : net_(net),
        loss_(loss),
        reduction_(options.reduction),
        carries_(carries_state<Net>(options)),
        parameters_(net.parameter_count()),
        count_(options.threads == 0 ? 1 : shards_for(batch, steps)),
        threads_((std::min)(options.threads, count_), options.flush_denormals),
        first_(net, one, (batch + count_ - 1) / count_, steps,
               batch > 1 && !(whole && count_ == 1)),
        others_(static_cast<std::size_t>(count_ - 1), first_),
        gradients_((Size(parameters_) * (count_ - 1)).value("fit: the gradients of its shards")) {}

  /// Splitting pays only with several samples per shard and roughly ten microseconds of work each.
  /// Each shard writes a gradient, so its samples are many unless the batch would stay whole.
  [[nodiscard]] Index shards_for(Index batch, Index steps) const {
    const Index least = steps > 1 ? 16 : batch < 128 ? 32 : 64;
    if (Size(batch) * steps * parameters_ < Size(1000000)) return 1;
    return std::clamp(batch / least, Index{1}, Index{16});
  }

  Shard& operator[](Index s) { return s == 0 ? first_ : others_[static_cast<std::size_t>(s - 1)]; }
  S* gradient_of(Index s) { return gradients_.data() + (s - 1) * parameters_; }

  BACKFOLD_NO_INLINE void evaluate(Shard& shard, const S* w, double scale, Noise noise,
                                   S* gradient) {
    noise.first_sample = shard.first;
    shard.error = shard.memory.evaluate(
        net_, loss_, w, shard.part, [=](Index) { return scale; }, carries_, noise, gradient);
  }

  /// Adds in pieces that stay in the cache.
  void add_up_gradients(Index n, S* gradient) {
    constexpr Index piece = 4096;
    ranges().for_each(parameters_, [&](Index first, Index count) {
      const Index end = first + count;
      for (Index i = first; i < end; i += piece) {
        for (Index s = 1; s < n; ++s) {
          transform_into(
              gradient + i, (std::min)(piece, end - i),
              [](const auto& a, const auto& b) { return a + b; }, gradient + i, gradient_of(s) + i);
        }
      }
    });
  }

  const Net& net_;
  L loss_;
  Reduction reduction_;
  bool carries_;
  Index parameters_;
  Index count_;
  Threads threads_;
  Shard first_;
  std::vector<Shard> others_;
  Array<S> gradients_;  ///< of all shards except the first
};

/// Objective of one sequence, or one sample, at a time. A part is a value in the caller, so that a
/// compiler can keep it in registers.
template <class Net, class L>
class Objective<Net, L, 1> {
 public:
  using S = typename Net::Scalar;
  using Part = Sequences<S>;

  template <class Data>
  Objective(const Net& net, const L& loss, const Batches<Data, S>& batches,
            const FitOptions& options)
      : Objective(net, loss, options, batches.first(),
                  batches.steps_of_pass(batches.first().steps)) {}

  template <class Data>
  Part take(const Batches<Data, S>& batches, Index i, Index) const {
    return batches[i];
  }
  void forget(const Part& batch) { memory_.carried.forget(batch.batch()); }
  /// Without delays a part is the whole, and no copy of it: loads wider than the stores before them
  /// would wait for those.
  using Cut = std::conditional_t<Net::Graph::is_recurrent, Part, const Part&>;
  Cut cut(const Part& batch, [[maybe_unused]] Index t, [[maybe_unused]] Index steps) {
    if constexpr (Net::Graph::is_recurrent) {
      if (steps != batch.steps) return memory_.cut(batch, t, steps);
    }
    return batch;
  }
  BACKFOLD_ALWAYS_INLINE double operator()(const S* w, const Part& part, const Noise& noise,
                                           S* gradient) {
    if constexpr (Net::Graph::is_recurrent) {
      return evaluate_sequence(w, part, noise, gradient);
    } else {
      return evaluate(w, part, noise, gradient);
    }
  }
  void advance(const Part&) { memory_.carried.advance(); }
  static OneRange ranges() { return {}; }
  [[nodiscard]] bool carries() const { return carries_; }
  [[nodiscard]] const L& loss() const { return loss_; }
  CarriedState<Net, 1>& carried() { return memory_.carried; }

 private:
  Objective(const Net& net, const L& loss, const FitOptions& options, const Sequences<S>& one,
            Index steps)
      : net_(net),
        loss_(loss),
        reduction_(options.reduction),
        carries_(carries_state<Net>(options)),
        memory_(net, training_shape<Net, L>(one, 1, steps), one.lengths != nullptr) {}

  BACKFOLD_ALWAYS_INLINE double evaluate(const S* w, const Part& part, const Noise& noise,
                                         S* gradient) {
    return memory_.evaluate(net_, loss_, w, part, ScaleBy{reduction_}, carries_, noise, gradient);
  }
  /// Compiled once, for steps and for parts without targets.
  BACKFOLD_NO_INLINE double evaluate_sequence(const S* w, const Part& part, const Noise& noise,
                                              S* gradient) {
    return evaluate(w, part, noise, gradient);
  }

  const Net& net_;
  L loss_;
  Reduction reduction_;
  bool carries_;
  PassMemory<Net, 1> memory_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
