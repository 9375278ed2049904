// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#if defined(_OPENMP)
#include <atomic>
#endif

#include "backfold/core/denormals.hpp"
#include "backfold/optimizer/ranges.hpp"
#include "backfold/training/first_exception.hpp"
#include "backfold/training/team.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The threads of training.
class Threads {
 public:
  /// @param flushes true to flush denormal numbers to zero, a mode of each thread
  Threads(Index count, bool flushes) : team_(count), flushes_(flushes) {}

  [[nodiscard]] Index count() const { return team_.size(); }

  /// Calls f(0) to f(n − 1), in any order. If calls throw, rethrows the exception of the first one
  /// in order, as a loop would.
  template <class Function>
  void for_each(Index n, const Function& f) {
    if (n == 1 || count() == 1) {
      for (Index i = 0; i < n; ++i) f(i);
      return;
    }
    FirstException exception;
    team_.run(n, [&](Index i) {
      const FlushDenormals flush(flushes_);
      exception.guard(i, f);
    });
    exception.rethrow();
  }

 private:
  Team team_;
  bool flushes_;
};

#if defined(_OPENMP)
/// Ranges of a vector, one for each thread.
class ThreadRanges {
 public:
  explicit ThreadRanges(Threads& threads) : threads_(threads) {}

  template <class Function>
  void for_each(Index n, const Function& f) const {
    const Index count = std::clamp(n / least, Index{1}, threads_.count());
    threads_.for_each(count, [&](Index r) {
      const Index first = start(n, r, count);
      f(first, start(n, r + 1, count) - first);
    });
  }
  template <class Function>
  bool all(Index n, const Function& f) const {
    std::atomic<bool> result = true;
    for_each(n, [&](Index first, Index count) {
      if (!f(first, count)) result.store(false, std::memory_order_relaxed);
    });
    return result.load(std::memory_order_relaxed);
  }

 private:
  /// Fewer numbers are not worth waking another thread.
  static constexpr Index least = 2048;
  /// Numbers of one or two cache lines, and of whole registers.
  static constexpr Index unit = 16;

  static Index start(Index n, Index range, Index count) {
    return (std::min)(n, (n + unit - 1) / unit * range / count * unit);
  }

  Threads& threads_;
};

inline ThreadRanges ranges_of(Threads& threads) { return ThreadRanges(threads); }
#else
inline OneRange ranges_of(Threads&) { return {}; }
#endif

}  // namespace detail

BACKFOLD_END_NAMESPACE
