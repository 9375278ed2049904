// SPDX-License-Identifier: MIT
// Training by Backfold: the reference of the others.
#include "task.hpp"

using namespace backfold;

namespace {

template <Index Batch, class Net, class L, class O>
Epoch epoch_of(const Task& task, const Net& prototype, const L& loss, const O& optimizer) {
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
  work->training = std::make_unique<Run>(work->net, loss, optimizer, data,
                                         FitOptions{.batch_size = task.batch, .shuffle = false});
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

[[maybe_unused]] const bool registered = [] {
  const Adam adam{.epsilon_placement = EpsilonPlacement::OutsideRoot};  // the others' form
  add_both<1, Mlp<double, Input<2>, Dense<8, Tanh>, Dense<1, Sigmoid>>>(
      "online/2-8-1", HalfSquaredError{}, Momentum{});
  add_both<Dynamic, Mlp<float, Input<784>, Dense<128, Relu>, Dense<64, Relu>, Dense<10, Softmax>>>(
      "mlp/784-128-64-10/batch:32/adam", CategoricalCrossEntropy{}, adam);
  add<Dynamic>("mlp/784-256-128-10/batch:64/adam", "backfold",
               Mlp<float, Input<784>, Dense<256, Relu>, Dense<128, Relu>, Dense<10, Softmax>>(),
               CategoricalCrossEntropy{}, adam);
  using Wide = Mlp<float, Input<Dynamic>, Dense<Dynamic, Relu>, Dense<Dynamic, Relu>,
                   Dense<Dynamic, Softmax>>;
  add<Dynamic>("mlp/784-1024-1024-10/batch:128/sgd", "backfold", Wide(784, 1024, 1024, 10),
               CategoricalCrossEntropy{}, Sgd{});
  add<Dynamic>("elman/32-128-32/steps:100/batch:32/sgd", "backfold", Elman<float, 32, 128, 32>(),
               HalfSquaredError{}, Sgd{});
  add_both<1, Elman<float, 4, 32, 1>>("elman/4-32-1/steps:200/batch:1/sgd", HalfSquaredError{},
                                      Sgd{});
  add<Dynamic>("lstm/32-128-32/steps:100/batch:32/sgd", "backfold",
               Rnn<float, Input<32>, Lstm<128>, Dense<32, Linear>>(), HalfSquaredError{}, Sgd{});
  return true;
}();

}  // namespace
