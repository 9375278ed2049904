// SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include <string>

#include "backfold/backfold.hpp"

using namespace backfold;

namespace {

using Digits = Mlp<float, Input<784>, Dense<128, Relu>, Dense<64, Relu>, Dense<10, Softmax>>;
using Tiny = Mlp<double, Input<2>, Dense<8, Tanh>, Dense<1, Sigmoid>>;
using Controller = Mlp<float, Input<4>, Dense<64, Tanh>, Dense<64, Tanh>, Dense<2, Tanh>>;

template <class Net>
struct Resized;
template <class S, class... Layers>
struct Resized<Network<S, Layers...>> {
  using Type = Network<S, typename Layers::template Resized<Dynamic>...>;
};
template <class Net>
using Sized = typename Resized<Net>::Type;

/// Products of one forward pass; backpropagation without the input gradient costs about twice.
template <class Net>
double multiply_adds(const Net& net, Index batch) {
  double sum = 0;
  for_each_index<Net::layer_count - 1>([&](auto l) {
    sum += double(net.architecture().template units<l() + 1>()) *
           double(net.architecture().template fan_in<l() + 1, 0>());
  });
  return sum * double(batch);
}

template <class Net>
struct Work {
  using S = typename Net::Scalar;
  Net net;
  Matrix<S> X, Z;

  template <class... Sizes>
  explicit Work(Index batch, Sizes... sizes) : net(sizes...) {
    Random random(1);
    net.initialize(Glorot{}, random);
    X = Matrix<S>::Random(net.inputs(), batch);
    Z = Matrix<S>::Zero(net.outputs(), batch);
    for (Index s = 0; s < batch; ++s) Z(s % Z.rows(), s) = S(1);
  }
};

void rate(benchmark::State& state, double multiply_adds_each, Index samples) {
  state.counters["GFLOP/s"] = benchmark::Counter(
      2e-9 * multiply_adds_each * double(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["samples/s"] =
      benchmark::Counter(double(samples) * double(state.iterations()), benchmark::Counter::kIsRate);
}

template <class Net, class... Sizes>
void forward_pass(benchmark::State& state, Sizes... sizes) {
  const Index batch = state.range(0);
  Work<Net> work(batch, sizes...);
  Workspace workspace(work.net, batch);
  for (auto _ : state) {
    auto y = run(work.net, work.X, workspace);
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  rate(state, multiply_adds(work.net, batch), batch);
}

template <class Net, class L, class... Sizes>
void gradient_pass(benchmark::State& state, Sizes... sizes) {
  const Index batch = state.range(0);
  Work<Net> work(batch, sizes...);
  Workspace workspace(work.net, batch);
  Vector<typename Net::Scalar> g(work.net.parameter_count());
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        gradient(work.net, L{}, Samples(work.X, work.Z), workspace, g, Reduction::Mean));
    benchmark::ClobberMemory();
  }
  const double first = double(work.net.architecture().template units<1>()) *
                       double(work.net.inputs()) * double(batch);
  rate(state, 3 * multiply_adds(work.net, batch) - first, batch);
}

template <Index Batch, class Net, class L, class O, class... Sizes>
void training_step(benchmark::State& state, const O& optimizer, Sizes... sizes) {
  const Index batch = state.range(0);
  Work<Net> work(50 * batch, sizes...);
  const Sequences<typename Net::Scalar> data{Samples(work.X, work.Z)};
  Training<Net, L, O, Sequences<typename Net::Scalar>, Batch> training(
      work.net, L{}, optimizer, data, FitOptions{.batch_size = batch});
  const FlushDenormals flush;
  for (auto _ : state) benchmark::DoNotOptimize(training.run_epoch());
  state.counters["samples/s"] = benchmark::Counter(double(50 * batch) * double(state.iterations()),
                                                   benchmark::Counter::kIsRate);
}

void one_sample(benchmark::State& state) {
  Work<Controller> work(1);
  Eigen::Matrix<float, 4, 1> x = work.X.col(0);
  for (auto _ : state) {
    auto y = work.net(x);
    x[0] = y[0];
    benchmark::DoNotOptimize(x);
  }
}

template <class O>
void optimizer_step(benchmark::State& state) {
  Vector<float> w = Vector<float>::Random(109386);
  const Vector<float> g = Vector<float>::Random(w.size());
  auto optimizer_state = start<float>(O{}, w.size());
  for (auto _ : state) {
    O{}.step(
        w.data(),
        [&](const float*, float* out) {
          std::copy(g.data(), g.data() + g.size(), out);
          return 0.0;
        },
        optimizer_state);
    benchmark::ClobberMemory();
  }
}

const std::string digits = "mlp/784-128-64-10/";
[[maybe_unused]] const bool registered = [] {
  using benchmark::RegisterBenchmark;
  RegisterBenchmark((digits + "forward").c_str(), forward_pass<Digits>)->Arg(1)->Arg(32)->Arg(128);
  RegisterBenchmark((digits + "gradient").c_str(), gradient_pass<Digits, CategoricalCrossEntropy>)
      ->Arg(1)
      ->Arg(32)
      ->Arg(128);
  RegisterBenchmark((digits + "gradient_dynamic").c_str(), [](benchmark::State& state) {
    gradient_pass<Sized<Digits>, CategoricalCrossEntropy>(state, 784, 128, 64, 10);
  })->Arg(32);
  RegisterBenchmark((digits + "training").c_str(), [](benchmark::State& state) {
    training_step<Dynamic, Digits, CategoricalCrossEntropy>(state, Adam{});
  })->Arg(32);
  RegisterBenchmark("mlp/784-1024-1024-10/training", [](benchmark::State& state) {
    training_step<Dynamic, Sized<Digits>, CategoricalCrossEntropy>(state, Sgd{}, 784, 1024, 1024,
                                                                   10);
  })->Arg(128);
  RegisterBenchmark("mlp/2-8-1/forward", forward_pass<Tiny>)->Arg(1)->Arg(32);
  RegisterBenchmark("mlp/2-8-1/gradient", gradient_pass<Tiny, BinaryCrossEntropy>)->Arg(1)->Arg(32);
  RegisterBenchmark("mlp/2-8-1/training", [](benchmark::State& state) {
    training_step<1, Tiny, BinaryCrossEntropy>(state, Momentum{});
  })->Arg(1);
  RegisterBenchmark("mlp/4-64-64-2/one_sample", one_sample);
  RegisterBenchmark("mlp/4-64-64-2/one_sample_dynamic", [](benchmark::State& state) {
    forward_pass<Sized<Controller>>(state, 4, 64, 64, 2);
  })->Arg(1);
  RegisterBenchmark("optimizer/sgd/109386", optimizer_step<Sgd>);
  RegisterBenchmark("optimizer/adam/109386", optimizer_step<Adam>);
  return true;
}();

}  // namespace
