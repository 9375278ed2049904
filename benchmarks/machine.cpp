// SPDX-License-Identifier: MIT
// The machine's peak rate, with which the other figures are compared.
#include "machine.hpp"

#include <string>

#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

namespace {

template <class S>
void multiply_adds(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(burst<S>());
  Meter<S>(state, double(burst_rounds) * burst_chains * backfold::Lanes<S>::size, 1);
  const double of_one_unit = 2 * backfold::Lanes<S>::size * clock_rate();
  state.counters["units"] = of_one_unit > 0 ? multiply_add_rate<S>() / of_one_unit : 0;
}

BENCHMARK(multiply_adds<float>)->Name("machine/multiply_adds:float/backfold");
BENCHMARK(multiply_adds<double>)->Name("machine/multiply_adds:double/backfold");

[[maybe_unused]] const bool registered = [] {
#if defined(__clang__)
  benchmark::AddCustomContext("compiler",
                              "clang " TEXT_OF(__clang_major__) "." TEXT_OF(__clang_minor__));
#elif defined(__GNUC__)
  benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
#endif
  benchmark::AddCustomContext("flags", BENCH_FLAGS);
  benchmark::AddCustomContext("simd", Eigen::SimdInstructionSetsInUse());
  benchmark::AddCustomContext("Eigen", TEXT_OF(EIGEN_WORLD_VERSION) "." TEXT_OF(
                                           EIGEN_MAJOR_VERSION) "." TEXT_OF(EIGEN_MINOR_VERSION));
  return true;
}();

}  // namespace
