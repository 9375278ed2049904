// SPDX-License-Identifier: MIT
// What the machine can do: the rate of fused multiply-adds on registers. Other results are read as
// fractions of it, measured in the same run.
#include <benchmark/benchmark.h>

#include "backfold/core/packet.hpp"

namespace {

template <class S>
void multiply_adds(benchmark::State& state) {
  using V = backfold::Lanes<S>;
  constexpr int chains = 12;
  V sums[chains];
  for (int c = 0; c < chains; ++c) sums[c] = V(S(c));
  V a(S(0.999)), b(S(1e-3));
  benchmark::DoNotOptimize(a);
  benchmark::DoNotOptimize(b);
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) {
      for (int c = 0; c < chains; ++c) sums[c] = multiply_add(sums[c], a, b);
    }
  }
  for (int c = 1; c < chains; ++c) sums[0] += sums[c];
  S result = sum(sums[0]);
  benchmark::DoNotOptimize(result);
  state.counters["GFLOP/s"] = benchmark::Counter(
      2e-9 * 1000 * chains * V::size * double(state.iterations()), benchmark::Counter::kIsRate);
}

BENCHMARK(multiply_adds<float>)->Name("machine/multiply_adds/float");
BENCHMARK(multiply_adds<double>)->Name("machine/multiply_adds/double");

}  // namespace
