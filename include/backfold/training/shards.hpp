// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/core/denormals.hpp"
#include "backfold/core/size.hpp"
#include "backfold/training/batch_buffer.hpp"
#include "backfold/training/first_exception.hpp"
#include "backfold/training/fit_options.hpp"
#include "backfold/training/shard.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A shard with the batch that passes through it.
template <class Net>
class BatchShard {
 public:
  using S = typename Net::Scalar;

  /// @param gathers whether the sequences lie apart and have to be copied together
  BatchShard(const Net& net, const Sequences<S>& one, Index size, Index steps, bool gathers)
      : shard_(net, one, size, steps), buffer_(one, gathers ? size : 0), batch_(one), part_(one) {}

  /// Where its sequences begin in their batch.
  void set_first(Index first) { first_ = first; }
  /// The sequences order[0..n) of the source, copied together.
  template <class Source>
  void gather(const Source& source, const Index* order, Index n) {
    batch_ = buffer_.gather(source, order, n);
  }
  /// Sequences that lie together, as they stand.
  void take(const Sequences<S>& batch) { batch_ = batch; }
  [[nodiscard]] const Sequences<S>& batch() const { return batch_; }

  CarriedState<Net, Dynamic>& carried() { return shard_.carried(); }

  /// Takes `steps` steps of the batch from step t on; the number of their targets.
  Index begin(Index t, Index steps) {
    part_ = steps == batch_.steps ? batch_ : shard_.cut(batch_, t, steps);
    return part_.target_count();
  }
  /// E and gradient of what has begun.
  template <class L>
  BACKFOLD_NO_INLINE void evaluate(const Net& net, const L& loss, const S* w, double scale,
                                   bool carries, Noise noise, S* gradient) {
    noise.first_sample = first_;
    error_ = shard_.evaluate(
        net, loss, w, part_, [=](Index) { return scale; }, carries, noise, gradient);
  }
  [[nodiscard]] double error() const { return error_; }

 private:
  Shard<Net, Dynamic> shard_;
  BatchBuffer<S> buffer_;
  Sequences<S> batch_, part_;
  Index first_ = 0;
  double error_ = 0;
};

/// The shards of a batch, each a task of a thread. Their number depends on the work alone, not on
/// the threads, and all sums over them are taken in their order.
template <class Net>
class Shards {
 public:
  using S = typename Net::Scalar;

  /// For batches of up to `batch` sequences like `one`, `steps` of their steps at a time.
  /// @param together whether a whole batch lies together as it stands
  Shards(const Net& net, const Sequences<S>& one, Index batch, Index steps, bool together,
         const FitOptions& options)
      : options_(options),
        parameters_(net.parameter_count()),
        count_(count_for(batch, steps)),
        gathers_(batch > 1 && !(together && count_ == 1)),
        first_(net, one, (batch + count_ - 1) / count_, steps, gathers_),
        others_(static_cast<std::size_t>(count_ - 1), first_),
        gradients_((Size(parameters_) * (count_ - 1)).value("fit: the gradients of its shards")) {}

  [[nodiscard]] Index count() const { return count_; }
  /// Whether batches are copied together.
  [[nodiscard]] bool gathers() const { return gathers_; }
  BatchShard<Net>& operator[](Index s) {
    return s == 0 ? first_ : others_[static_cast<std::size_t>(s - 1)];
  }

  /// E and gradient of what the first n shards have begun.
  template <class L>
  double evaluate(Index n, const Net& net, const L& loss, const S* w, double scale, bool carries,
                  const Noise& noise, S* gradient) {
    for_each(n, [&](Index s) {
      S* const g = s == 0 ? gradient : gradient_of(s);
      (*this)[s].evaluate(net, loss, w, scale, carries, noise, g);
    });
    if (n > 1) add_up_gradients(n, gradient);
    double error = 0;
    for (Index s = 0; s < n; ++s) error += (*this)[s].error();
    return error;
  }

  /// Calls f(0) to f(n − 1), in threads if compiled with OpenMP. Throws what the first call that
  /// throws has thrown, as a loop would.
  template <class Function>
  void for_each(Index n, const Function& f) const {
    if (n == 1) return f(Index{0});
#if defined(_OPENMP)
    const int threads = static_cast<int>(std::clamp(options_.threads, Index{1}, n));
    if (threads > 1) {
      FirstException exception;
#pragma omp parallel for schedule(static) num_threads(threads)
      for (Index s = 0; s < n; ++s) {
        const FlushDenormals flush(options_.flush_denormals);  // a setting of each thread
        exception.guard(s, f);
      }
      return exception.rethrow();
    }
#endif
    for (Index s = 0; s < n; ++s) f(s);
  }

 private:
  /// What pays in threads: some samples a shard, and work for some ten microseconds each.
  [[nodiscard]] Index count_for(Index batch, Index steps) const {
    if (options_.threads == 0) return 1;
    const Index least = steps > 1 ? 16 : 64;
    if (Size(batch) * steps * parameters_ < Size(1000000)) return 1;
    return std::clamp(batch / least, Index{1}, Index{16});
  }

  S* gradient_of(Index s) { return gradients_.data() + (s - 1) * parameters_; }

  void add_up_gradients(Index n, S* gradient) {
    constexpr Index piece = 4096;
    for_each((parameters_ + piece - 1) / piece, [&](Index p) {
      for (Index s = 1; s < n; ++s) {
        S* const to = gradient + p * piece;
        transform_into(
            to, (std::min)(piece, parameters_ - p * piece),
            [](const auto& a, const auto& b) { return a + b; }, to, gradient_of(s) + p * piece);
      }
    });
  }

  FitOptions options_;
  Index parameters_;
  Index count_;
  bool gathers_;
  BatchShard<Net> first_;
  std::vector<BatchShard<Net>> others_;
  Array<S> gradients_;  ///< of all shards but the first
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
