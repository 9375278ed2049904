// SPDX-License-Identifier: MIT
// Training by Backfold: the reference of the others.
#include <thread>

#include "task.hpp"

using namespace backfold;

namespace {

template <Index Batch, class Net, class L, class O>
Epoch epoch_of(const Task& task, const Net& prototype, const L& loss, const O& optimizer,
               Index threads = 0) {
  using S = typename Net::Scalar;
  using Run = Training<Net, L, O, Sequences<S>, Batch>;
  struct Work {
    Net net;
    Matrix<S> X, Z;
    std::unique_ptr<Run> training;
  };
  const auto work =
      std::make_shared<Work>(Work{prototype, task.X.cast<S>(), task.Z.cast<S>(), nullptr});
  work->net.parameters() = task.weights.cast<S>();
  const Sequences<S> data(work->X, work->Z, task.steps);
  work->training = std::make_unique<Run>(
      work->net, loss, optimizer, data,
      FitOptions{.batch_size = task.batch, .shuffle = false, .threads = threads});
  return [work] {
    const FlushDenormals flush;
    return work->training->run_epoch();
  };
}

template <Index Batch, class Net, class L, class O>
void add(const std::string& name, const std::string& who, const Net& net, const L& loss,
         const O& optimizer) {
  register_training(name, who, [=](const Task& task) {
    O with_rate = optimizer;
    with_rate.learning_rate = task.learning_rate;
    return epoch_of<Batch>(task, net, loss, with_rate);
  });
}

/// The same network with all sizes Dynamic.
template <class Net>
struct Resized;
template <class S, class... Layers>
struct Resized<Network<S, Layers...>> {
  using Type = Network<S, typename Layers::template Resized<Dynamic>...>;
};
template <class Net>
using Sized = typename Resized<Net>::Type;

template <Index Batch, class Net, class L, class O>
void add_both(const std::string& name, const L& loss, const O& optimizer) {
  add<Batch>(name, "backfold", Net(), loss, optimizer);
  add<Batch>(name, "backfold Dynamic", Sized<Net>(Net()), loss, optimizer);
}

/// Adam as dlib has it: ε joins the root before its bias is corrected, so it is larger at first.
/// Where gradients are tiny, as at a picture's edge, that shows in the loss.
struct DlibAdam : Adam {
  template <Real S, Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    Adam adam = *this;
    adam.epsilon /= std::sqrt(1 - std::pow(beta2, double(state.steps + 1)));
    return adam.step<S, N>(w, objective, state);
  }
};

template <class Net>
void add_dlib_reference(const std::string& name) {
  register_reference(name, "dlib", [](const Task& task) {
    DlibAdam adam;
    adam.learning_rate = task.learning_rate;
    adam.epsilon_placement = EpsilonPlacement::OutsideRoot;
    return epoch_of<Dynamic>(task, Net(), CategoricalCrossEntropy{}, adam);
  });
}

/// Every epoch over all pictures of Fashion-MNIST, in a fresh order each.
template <class Net, class O>
void picture_epoch(benchmark::State& state, const O& optimizer) {
  if (pictures().X.size() == 0) return state.SkipWithError("Fashion-MNIST is not installed");
  const Task& part = task("mlp/784-256-128-10/batch:64/adam");
  Net net;
  net.parameters() = part.weights.cast<float>();
  const Sequences<float> data = Samples(pictures().X, pictures().Z);
  using Run = Training<Net, CategoricalCrossEntropy, O, Sequences<float>>;
  Run training(net, {}, optimizer, data, FitOptions{.batch_size = part.batch});
  const FlushDenormals flush;
  training.run_epoch();
  const double samples = double(data.count());
  const Meter<float> meter(state, part.multiply_adds() / double(part.sequences()) * samples,
                           samples);
  for (auto _ : state) benchmark::DoNotOptimize(training.run_epoch());
}

/// Epochs of several networks at the same time, each by a thread of its own.
template <class Make>
void add_at_the_same_time(const std::string& who, const std::string& name, int copies,
                          const Make& make) {
  benchmark::RegisterBenchmark(("threads/" + name + "/" + who).c_str(), [=](benchmark::State& s) {
    const Task& t = task(name);
    std::vector<Epoch> epochs;
    for (int c = 0; c < copies; ++c) epochs.push_back(make(t));
    epochs.front()();
    const Meter<float> meter(s, copies * t.multiply_adds(), copies * double(t.sequences()));
    for (auto _ : s) {
      std::vector<std::thread> others;
      for (int c = 1; c < copies; ++c) others.emplace_back(epochs[std::size_t(c)]);
      epochs.front()();
      for (std::thread& other : others) other.join();
    }
  })->UseRealTime();
}

/// One thread, two threads, and what two networks of one thread each reach together (not online: an
/// epoch would be shorter than a thread's start).
template <Index Batch, class Net, class L, class O>
void add_threads(const std::string& name, const Net& net, const L& loss, const O& optimizer) {
  auto by = [=](Index threads) {
    return [=](const Task& t) { return epoch_of<Batch>(t, net, loss, optimizer, threads); };
  };
  add_at_the_same_time("not split", name, 1, by(0));
  add_at_the_same_time("one thread", name, 1, by(1));
  add_at_the_same_time("two threads", name, 1, by(2));
  if (Batch != 1) add_at_the_same_time("two copies", name, 2, by(0));
}

[[maybe_unused]] const bool registered = [] {
  const Adam adam{.epsilon_placement = EpsilonPlacement::OutsideRoot};  // the others' form
  using Tiny = Mlp<double, Input<2>, Dense<8, Tanh>, Dense<1, Sigmoid>>;
  add_both<1, Tiny>("online/2-8-1", HalfSquaredError{}, Momentum{});
  using Small = Mlp<float, Input<784>, Dense<128, Relu>, Dense<64, Relu>, Dense<10, Softmax>>;
  add_both<Dynamic, Small>("mlp/784-128-64-10/batch:32/adam", CategoricalCrossEntropy{}, adam);
  add_dlib_reference<Small>("mlp/784-128-64-10/batch:32/adam");
  using Large = Mlp<float, Input<784>, Dense<256, Relu>, Dense<128, Relu>, Dense<10, Softmax>>;
  add_both<Dynamic, Large>("mlp/784-256-128-10/batch:64/adam", CategoricalCrossEntropy{}, adam);
  add_dlib_reference<Large>("mlp/784-256-128-10/batch:64/adam");
  using Wide = Mlp<float, Input<Dynamic>, Dense<Dynamic, Relu>, Dense<Dynamic, Relu>,
                   Dense<Dynamic, Softmax>>;
  add<Dynamic>("mlp/784-1024-1024-10/batch:128/sgd", "backfold", Wide(784, 1024, 1024, 10),
               CategoricalCrossEntropy{}, Sgd{});
  using Control = Mlp<float, Input<17>, Dense<64, Tanh>, Dense<64, Tanh>, Dense<6, Linear>>;
  add_both<Dynamic, Control>("mlp/17-64-64-6/batch:256/adam", HalfSquaredError{}, adam);
  add<Dynamic>("elman/32-128-32/steps:100/batch:32/sgd", "backfold", Elman<float, 32, 128, 32>(),
               HalfSquaredError{}, Sgd{});
  add_both<1, Elman<float, 4, 32, 1>>("elman/4-32-1/steps:200/batch:1/sgd", HalfSquaredError{},
                                      Sgd{});
  add<Dynamic>("lstm/32-128-32/steps:100/batch:32/sgd", "backfold",
               Rnn<float, Input<32>, Lstm<128>, Dense<32, Linear>>(), HalfSquaredError{}, Sgd{});
  add<Dynamic>("gru/32-128-32/steps:100/batch:32/sgd", "backfold",
               Rnn<float, Input<32>, Gru<128>, Dense<32, Linear>>(), HalfSquaredError{}, Sgd{});
  benchmark::RegisterBenchmark("epoch/784-256-128-10/batch:64/adam/backfold",
                               [=](benchmark::State& s) { picture_epoch<Large>(s, adam); });
  add_threads<1>("online/2-8-1", Tiny(), HalfSquaredError{}, Momentum{});
  add_threads<Dynamic>("mlp/784-1024-1024-10/batch:128/sgd", Wide(784, 1024, 1024, 10),
                       CategoricalCrossEntropy{}, Sgd{});
  add_threads<Dynamic>("mlp/784-256-128-10/batch:64/adam", Large(), CategoricalCrossEntropy{},
                       adam);
  add_threads<Dynamic>("mlp/17-64-64-6/batch:256/adam", Control(), HalfSquaredError{}, adam);
  return true;
}();

}  // namespace
