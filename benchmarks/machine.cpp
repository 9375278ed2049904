// SPDX-License-Identifier: MIT
// What the machine can do: the limit beside which the other figures stand.
#include "machine.hpp"

namespace {

template <class S>
void multiply_adds(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(multiply_add_rate<S>());
  Meter<S>(state, 20000.0 * 12 * backfold::Lanes<S>::size, 1);
}

BENCHMARK(multiply_adds<float>)->Name("machine/multiply_adds:float/backfold");
BENCHMARK(multiply_adds<double>)->Name("machine/multiply_adds:double/backfold");

}  // namespace
