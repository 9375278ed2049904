// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/types.hpp"

#if defined(_OPENMP)
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#endif

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

#if defined(_OPENMP)

/// A caller and its threads, among which it divides tasks.
///
/// A thread that waits spins for a few microseconds, since the next tasks mostly follow at once;
/// then it yields, which on a shared core lets the thread run that it waits for; then it sleeps.
/// (OpenMP's own threads spin as long as the environment says, so two of them on one core can take
/// several times as long as one.) A member whose own tasks are done takes those that others have
/// not begun, so nobody waits for a thread that does not run.
class Team {
 public:
  static constexpr Index largest = 16;

  /// Starts size − 1 threads, at most 15.
  explicit Team(Index size) : Team() {
    for (; size_ < (std::min)(size, largest); ++size_) {
      threads_[size_ - 1] = std::thread([this, me = size_] { serve(me); });
    }
  }
  Team(const Team& other) : Team(other.size_) {}
  Team& operator=(const Team&) = delete;
  ~Team() {
    is_over_.store(true, std::memory_order_relaxed);
    begin_round();
    for (Index t = 1; t < size_; ++t) threads_[t - 1].join();
  }

  [[nodiscard]] Index size() const { return size_; }

  /// Calls f(0) to f(n − 1), which must not throw, and returns after all of them. A member begins
  /// with the same part of the tasks each time, whose data may still be in its core's cache.
  template <class Function>
  void run(Index n, const Function& f) {
    call_ = [](const void* function, Index i) { (*static_cast<const Function*>(function))(i); };
    function_ = &f;
    run(n);
  }

 private:
  struct alignas(64) Tasks {
    std::atomic<Index> next{0};
    Index end = 0;
  };
  using Word = std::atomic<std::uint32_t>;
  // `inside_` is `is_open` while members may enter, plus `one` for each that is inside.
  static constexpr std::uint32_t is_open = 1;
  static constexpr std::uint32_t one = 2;

  Team() = default;

  BACKFOLD_NO_INLINE void run(Index n) {
    for (Index t = 0; t < size_; ++t) {
      tasks_[t].next.store(n * t / size_, std::memory_order_relaxed);
      tasks_[t].end = n * (t + 1) / size_;
    }
    inside_.store(is_open, std::memory_order_release);
    begin_round();
    work(0);
    // The next tasks are set only when no member can still read these.
    inside_.fetch_and(~is_open, std::memory_order_acq_rel);
    wait_while(inside_, [](std::uint32_t value) { return value != 0; });
  }

  void begin_round() {
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }

  /// Loop of a member other than the caller.
  void serve(Index me) {
    for (std::uint32_t seen = 0;;) {
      seen = wait_while(round_, [seen](std::uint32_t value) { return value == seen; });
      if (is_over_.load(std::memory_order_relaxed)) return;
      if (!enter()) continue;
      work(me);
      if (inside_.fetch_sub(one, std::memory_order_release) == one) inside_.notify_one();
    }
  }

  /// False if the round is over.
  bool enter() {
    std::uint32_t value = inside_.load(std::memory_order_relaxed);
    while ((value & is_open) != 0) {
      if (inside_.compare_exchange_weak(value, value + one, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  /// Runs a member's own tasks, then those of others.
  void work(Index me) {
    for (Index t = 0; t < size_; ++t) {
      Tasks& tasks = tasks_[(me + t) % size_];
      for (;;) {
        const Index i = tasks.next.fetch_add(1, std::memory_order_relaxed);
        if (i >= tasks.end) break;
        call_(function_, i);
      }
    }
  }

  /// Waits while a condition holds for a word. @return the word's value after it
  template <class Condition>
  static std::uint32_t wait_while(const Word& word, const Condition& holds) {
    constexpr int pauses = 64, yields = 256;
    for (int i = 0;; ++i) {
      const std::uint32_t value = word.load(std::memory_order_acquire);
      if (!holds(value)) return value;
      if (i < pauses) {
        pause();
      } else if (i < pauses + yields) {
        std::this_thread::yield();
      } else {
        word.wait(value, std::memory_order_acquire);
      }
    }
  }

  static void pause() {
#if defined(EIGEN_VECTORIZE_SSE)
    _mm_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
    asm volatile("yield");
#endif
  }

  Tasks tasks_[largest];
  alignas(64) Word round_{0};
  alignas(64) Word inside_{0};
  alignas(64) std::atomic<bool> is_over_{false};
  void (*call_)(const void*, Index) = nullptr;
  const void* function_ = nullptr;
  Index size_ = 1;
  std::thread threads_[largest - 1];
};

#else

/// The caller alone: threads need OpenMP's compiler option, which links them too.
class Team {
 public:
  explicit Team(Index) {}
  static constexpr Index size() { return 1; }

  /// Calls f(0) to f(n − 1).
  template <class Function>
  void run(Index n, const Function& f) {
    for (Index i = 0; i < n; ++i) f(i);
  }
};

#endif

}  // namespace detail

BACKFOLD_END_NAMESPACE
