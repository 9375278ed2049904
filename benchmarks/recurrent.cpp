// SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include "backfold/backfold.hpp"

using namespace backfold;

namespace {

template <class Net>
void bptt(benchmark::State& state) {
  const Index steps = state.range(0);
  const Index batch = state.range(1);
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Matrix<float> X = Matrix<float>::Random(net.inputs(), batch * steps);
  const Matrix<float> Z = Matrix<float>::Random(net.outputs(), batch * steps);
  const Sequences<float> data(X, Z, steps);
  const Sgd sgd{.learning_rate = 1e-4};
  auto train = [&]<Index Batch>(std::integral_constant<Index, Batch>) {
    Training<Net, HalfSquaredError, Sgd, Sequences<float>, Batch> training(
        net, HalfSquaredError{}, sgd, data, FitOptions{.batch_size = batch, .shuffle = false});
    for (auto _ : state) benchmark::DoNotOptimize(training.run_epoch());
  };
  if (batch == 1) {
    train(std::integral_constant<Index, 1>{});
  } else {
    train(std::integral_constant<Index, Dynamic>{});
  }
  state.counters["sequences/s"] =
      benchmark::Counter(double(batch) * double(state.iterations()), benchmark::Counter::kIsRate);
}

template <class Net, Index Batch>
void one_step(benchmark::State& state, Net net) {
  Random random(1);
  net.initialize(Glorot{}, random);
  State<Net, Batch> memory(net);
  Eigen::Matrix<float, 8, 1> x = Eigen::Matrix<float, 8, 1>::Random();
  for (auto _ : state) {
    auto y = step(net, x, memory);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
}

using SizedElman = Elman<float, Dynamic, Dynamic, Dynamic>;

/// A net whose state dies out: without the guard its numbers become denormal.
void dying(benchmark::State& state) {
  Elman<float, 1, 32, 1> net;
  net.weights<1, 1>().diagonal().setConstant(0.5f);
  State<decltype(net), 1> memory(net);
  memory.output<1>().setConstant(1e-30f);
  const FlushDenormals guard(state.range(0) != 0);
  const Eigen::Matrix<float, 1, 1> x = Eigen::Matrix<float, 1, 1>::Zero();
  for (auto _ : state) {
    for (int t = 0; t < 200; ++t) {
      auto y = step(net, x, memory);
      benchmark::DoNotOptimize(y.data());
    }
    memory.output<1>().setConstant(1e-30f);
  }
}

[[maybe_unused]] const bool registered = [] {
  using benchmark::RegisterBenchmark;
  RegisterBenchmark("rnn/32-128-32/bptt", bptt<Elman<float, 32, 128, 32>>)->Args({100, 32});
  RegisterBenchmark("rnn/4-32-1/bptt", bptt<Elman<float, 4, 32, 1>>)->Args({200, 1});
  RegisterBenchmark("lstm/32-128-32/bptt",
                    bptt<Rnn<float, Input<32>, Lstm<128>, Dense<32, Linear>>>)
      ->Args({100, 32});
  RegisterBenchmark("rnn/8-32-1/step", [](benchmark::State& state) {
    one_step<Elman<float, 8, 32, 1>, 1>(state, Elman<float, 8, 32, 1>());
  });
  RegisterBenchmark("rnn/8-32-1/step_dynamic", [](benchmark::State& state) {
    one_step<SizedElman, Dynamic>(state, SizedElman(8, 32, 1));
  });
  RegisterBenchmark("rnn/dying_state/flush", dying)->Arg(0)->Arg(1);
  return true;
}();

}  // namespace
