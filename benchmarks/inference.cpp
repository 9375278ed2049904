// SPDX-License-Identifier: MIT
// What takes nanoseconds: one sample, one step, a small gradient, RTRL, an optimizer's pass.
#include "backfold/backfold.hpp"
#include "machine.hpp"

using namespace backfold;

namespace {

template <class Net>
Net ready(Net net) {
  Random random(1);
  net.initialize(Glorot{}, random);
  return net;
}

/// Each input is the output before, so that nothing is computed ahead.
template <class Evaluate, class Net>
void one_by_one(benchmark::State& state, const Net& net, double multiply_adds,
                const Evaluate& evaluate) {
  Eigen::VectorXf x = Eigen::VectorXf::Random(net.architecture().template units<0>());
  const Meter<float> meter(state, multiply_adds, 1);
  for (auto _ : state) {
    const auto y = evaluate(x);
    x[0] = y(0);
    benchmark::DoNotOptimize(x.data());
    benchmark::ClobberMemory();
  }
}

using Controller = Mlp<float, Input<4>, Dense<64, Tanh>, Dense<64, Tanh>, Dense<2, Tanh>>;
using SizedController =
    Mlp<float, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Tanh>, Dense<Dynamic, Tanh>>;
constexpr double controller_multiply_adds = 4 * 64 + 64 * 64 + 64 * 2;

template <class Net, Index Batch>
void one_sample(benchmark::State& state, const Net& prototype, double multiply_adds) {
  const Net net = ready(prototype);
  Workspace<Net, Batch> workspace(net);
  one_by_one(state, net, multiply_adds, [&](const auto& x) { return run(net, x, workspace); });
}

using Pictures = Mlp<float, Input<784>, Dense<128, Relu>, Dense<64, Relu>, Dense<10, Softmax>>;
constexpr double picture_multiply_adds = 784 * 128 + 128 * 64 + 64 * 10;

void one_batch(benchmark::State& state) {
  constexpr Index batch = 256;
  const auto net = ready(Pictures());
  Workspace workspace(net, batch);
  const Eigen::MatrixXf X = Eigen::MatrixXf::Random(784, batch);
  const Meter<float> meter(state, batch * picture_multiply_adds, batch);
  for (auto _ : state) benchmark::DoNotOptimize(run(net, X, workspace).data());
}

using Memory = Elman<float, 8, 32, 1>;
using SizedMemory = Elman<float, Dynamic, Dynamic, Dynamic>;

template <class Net, Index Batch>
void one_step(benchmark::State& state, const Net& prototype) {
  const Net net = ready(prototype);
  State<Net, Batch> memory(net);
  double weights = 0;
  for (const Block& block : blocks(net)) {
    if (block.kind == Block::Kind::Weights) weights += double(block.rows * block.columns);
  }
  one_by_one(state, net, weights, [&](const auto& x) { return step(net, x, memory); });
}

template <Index Inputs, class Cell>
using Recurrent = Rnn<float, Input<Inputs>, Cell, Dense<1, Linear>>;

void small_gradient(benchmark::State& state) {
  using Net = Mlp<float, Input<24>, Dense<8, Tanh>, Dense<2, Tanh>>;
  const Net net = ready(Net());
  const Eigen::MatrixXf X = Eigen::MatrixXf::Random(24, 200);
  const Eigen::MatrixXf Z = Eigen::MatrixXf::Random(2, 200);
  Workspace workspace(net, 200);
  Eigen::VectorXf g(net.parameter_count());
  const Meter<float> meter(state, 200 * (2 * 24 * 8 + 3 * 8 * 2), 200);
  for (auto _ : state) {
    benchmark::DoNotOptimize(gradient(net, HalfSquaredError{}, Samples(X, Z), workspace, g));
  }
}

/// multiply_adds: the n²·parameters of the recurrent product, which is what grows.
template <Index Units>
void rtrl_step(benchmark::State& state) {
  using Net = Elman<float, 4, Units, 1>;
  const Net net = ready(Net());
  Rtrl<Net> rtrl(net);
  const Eigen::VectorXf x = Eigen::VectorXf::Random(4);
  const Eigen::VectorXf z = Eigen::VectorXf::Random(1);
  Eigen::VectorXf g(net.parameter_count());
  const Meter<float> meter(state, double(Units * Units * Units * (4 + Units + 1)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(rtrl.step(net, HalfSquaredError{}, x, z, g));
}

template <class O>
void optimizer_pass(benchmark::State& state) {
  Vector<float> w = Vector<float>::Random(109386);
  auto memory = start<float>(O{}, w.size());
  memory.vectors[0][0] = 1;  // the gradient that an objective that leaves it alone gives
  const Meter<float> meter(state, 0, double(w.size()));
  for (auto _ : state) {
    O{}.step(
        w.data(), [](const float*, float*) { return 0.0; }, memory);
    benchmark::ClobberMemory();
  }
}

/// A net whose state dies out: without flushing its numbers become denormal.
void dying_state(benchmark::State& state, bool flush) {
  Elman<float, 1, 32, 1> net;
  net.weights<1, 1>().diagonal().setConstant(0.5f);
  State<decltype(net), 1> memory(net);
  const FlushDenormals guard(flush);
  const Eigen::Matrix<float, 1, 1> x = Eigen::Matrix<float, 1, 1>::Zero();
  const Meter<float> meter(state, 200 * (32 + 32 * 32 + 32), 200);
  for (auto _ : state) {
    memory.output<1>().setConstant(1e-30f);
    for (int t = 0; t < 200; ++t) benchmark::DoNotOptimize(step(net, x, memory).data());
  }
}

[[maybe_unused]] const bool registered = [] {
  using benchmark::RegisterBenchmark;
  using benchmark::State;
  RegisterBenchmark("inference/4-64-64-2/backfold", [](State& s) {
    one_sample<Controller, 1>(s, Controller(), controller_multiply_adds);
  });
  RegisterBenchmark("inference/4-64-64-2/backfold Dynamic", [](State& s) {
    one_sample<SizedController, 1>(s, SizedController(4, 64, 64, 2), controller_multiply_adds);
  });
  RegisterBenchmark("inference/784-128-64-10/backfold", [](State& s) {
    one_sample<Pictures, 1>(s, Pictures(), picture_multiply_adds);
  });
  RegisterBenchmark("inference/784-128-64-10/batch:256/backfold", one_batch);
  RegisterBenchmark("step/elman 8-32-1/backfold",
                    [](State& s) { one_step<Memory, 1>(s, Memory()); });
  RegisterBenchmark("step/elman 8-32-1/backfold Dynamic",
                    [](State& s) { one_step<SizedMemory, 1>(s, SizedMemory(8, 32, 1)); });
  RegisterBenchmark("step/gru 8-32-1/backfold", [](State& s) {
    one_step<Recurrent<8, Gru<32>>, 1>(s, Recurrent<8, Gru<32>>());
  });
  RegisterBenchmark("step/lstm 8-32-1/backfold", [](State& s) {
    one_step<Recurrent<8, Lstm<32>>, 1>(s, Recurrent<8, Lstm<32>>());
  });
  RegisterBenchmark("step/lstm 1-16-1/backfold", [](State& s) {
    one_step<Recurrent<1, Lstm<16>>, 1>(s, Recurrent<1, Lstm<16>>());
  });
  RegisterBenchmark("gradient/24-8-2/batch:200/backfold", small_gradient);
  RegisterBenchmark("rtrl/4-16-1/backfold", rtrl_step<16>);
  RegisterBenchmark("rtrl/4-32-1/backfold", rtrl_step<32>);
  RegisterBenchmark("optimizer/109386 parameters/sgd/backfold", optimizer_pass<Sgd>);
  RegisterBenchmark("optimizer/109386 parameters/adam/backfold", optimizer_pass<Adam>);
  RegisterBenchmark("dying state/200 steps/backfold", [](State& s) { dying_state(s, true); });
  RegisterBenchmark("dying state/200 steps/backfold without flushing",
                    [](State& s) { dying_state(s, false); });
  return true;
}();

}  // namespace
