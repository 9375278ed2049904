// SPDX-License-Identifier: MIT
// Loading of a network of 109,386 parameters, from a file that the system has in memory.
#include <cstdio>
#include <string>

#include "backfold/backfold.hpp"
#include "backfold/io/load_any.hpp"
#include "backfold/io/safetensors.hpp"
#include "machine.hpp"

using namespace backfold;

namespace {

using Pictures = Mlp<float, Input<784>, Dense<128, Relu>, Dense<64, Relu>, Dense<10, Softmax>>;
constexpr double multiply_adds = 4 * (784 * 128 + 128 * 64 + 64 * 10);  // of the stored samples

/// The file of a network, which is gone with the object.
struct SavedNetwork {
  SavedNetwork() {
    Random random(1);
    net.initialize(Glorot{}, random);
    save(path, net);
  }
  ~SavedNetwork() { std::remove(path.c_str()); }
  SavedNetwork(const SavedNetwork&) = delete;
  SavedNetwork& operator=(const SavedNetwork&) = delete;

  const std::string path = "backfold_benchmark.safetensors";
  Pictures net;
};

void load_into_network(benchmark::State& state) {
  SavedNetwork saved;
  const Meter<float> meter(state, multiply_adds, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(load(saved.path, saved.net).version.data());
    benchmark::ClobberMemory();
  }
}

void load_unknown(benchmark::State& state) {
  const SavedNetwork saved;
  const Meter<float> meter(state, multiply_adds, 1);
  for (auto _ : state) {
    const AnyNetwork<float> net = load_any<float>(saved.path);
    benchmark::DoNotOptimize(net.parameters().data());
  }
}

[[maybe_unused]] const bool registered = [] {
  benchmark::RegisterBenchmark("load/784-128-64-10/backfold", load_into_network);
  benchmark::RegisterBenchmark("load/784-128-64-10/backfold load_any", load_unknown);
  return true;
}();

}  // namespace
