// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>

#include "backfold/core/packet.hpp"

/// The rate of fused multiply-adds on registers, now, in GFLOP/s (two operations each). A short
/// burst: on a shared machine it changes from second to second.
template <class S>
double multiply_add_rate() {
  using V = backfold::Lanes<S>;
  constexpr int chains = 12;
  constexpr int rounds = 20000;
  V sums[chains];
  for (int c = 0; c < chains; ++c) sums[c] = V(S(c));
  V a(S(0.999));
  V b(S(1e-3));
  benchmark::DoNotOptimize(a);
  benchmark::DoNotOptimize(b);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    for (int c = 0; c < chains; ++c) sums[c] = multiply_add(sums[c], a, b);
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  for (int c = 1; c < chains; ++c) sums[0] += sums[c];
  S result = sum(sums[0]);
  benchmark::DoNotOptimize(result);
  return 2e-9 * rounds * chains * V::size / time.count();
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
