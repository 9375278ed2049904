// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "backfold/core/packet.hpp"

constexpr int burst_rounds = 20000;
constexpr int burst_chains = 14;  ///< enough to hide the latency, few enough for 16 registers

/// Multiply-adds on registers: burst_rounds · burst_chains of full width.
template <class S>
S burst() {
  using V = backfold::Lanes<S>;
  V sums[burst_chains];
  for (int c = 0; c < burst_chains; ++c) sums[c] = V(S(c));
  V a(S(0.999));
  V b(S(1e-3));
  benchmark::DoNotOptimize(a);
  benchmark::DoNotOptimize(b);
  for (int i = 0; i < burst_rounds; ++i) {
    for (int c = 0; c < burst_chains; ++c) sums[c] = multiply_add(sums[c], a, b);
  }
  for (int c = 1; c < burst_chains; ++c) sums[0] += sums[c];
  return sum(sums[0]);
}

/// Their rate now, in GFLOP/s (two operations each): the best of three bursts, as one may be
/// interrupted. On a shared machine it changes from second to second.
template <class S>
double multiply_add_rate() {
  double best = 0;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(burst<S>());
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best,
                    2e-9 * burst_rounds * burst_chains * backfold::Lanes<S>::size / time.count());
  }
  return best;
}

/// The core's clock now, in GHz, or 0 where it cannot be measured: of additions that each wait for
/// the one before, one takes a cycle.
inline double clock_rate() {
  double best = 0;
#if defined(__GNUC__)
  constexpr int rounds = 20000;
  constexpr int additions = 8;
  for (int i = 0; i < 3; ++i) {
    unsigned long x = 1;
    unsigned long term = 3;
    __asm__ volatile("" : "+r"(term));  // some processors add constants ahead of time
    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round) {
      BACKFOLD_UNROLL
      for (int a = 0; a < additions; ++a) {
        x += term;
        __asm__ volatile("" : "+r"(x));
      }
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, 1e-9 * rounds * additions / time.count());
  }
#endif
  return best;
}

/// Measures the machine's rate before and after a benchmark, and reports with it what an iteration
/// does: the report divides, and leaves out measurements under which the rate changed.
template <class S>
class Meter {
 public:
  /// @param multiply_adds of an iteration, @param items samples, sequences or steps of one
  Meter(benchmark::State& state, double multiply_adds, double items)
      : state_(state), before_(multiply_add_rate<S>()) {
    state_.counters["multiply_adds"] = multiply_adds;
    state_.counters["items"] = items;
    state_.counters["scalar_bytes"] = sizeof(S);
  }
  ~Meter() {
    state_.counters["rate_before"] = before_;
    state_.counters["rate_after"] = multiply_add_rate<S>();
  }

 private:
  benchmark::State& state_;
  double before_;
};
