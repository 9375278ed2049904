// SPDX-License-Identifier: MIT
// Real-time recurrent learning from a learnt state, against backpropagation through time.
#include <type_traits>

#include "rtrl.hpp"

using namespace rtrl;

namespace {

/// The layers that take a learnt start, with delays of one and of two steps.
template <class S, Index N>
void from_start() {
  constexpr Index I = N == Dynamic ? Dynamic : 2;
  auto check = [](auto type) {
    using Net = typename decltype(type)::type;
    if constexpr (N == Dynamic) {
      equals_bptt(Net(2, 4, 2));
    } else {
      equals_bptt(Net());
    }
  };
  auto with = [&]<class Layer>(std::type_identity<Layer>) {
    check(std::type_identity<Rnn<S, Input<I>, Layer, Dense<I, Linear>>>());
  };
  with(std::type_identity<Dense<N, Tanh, Recurrent<>, LearntStart>>());
  with(std::type_identity<Dense<N, Tanh, Recurrent<2>, LearntStart>>());
  with(std::type_identity<Lstm<N, LearntStart>>());
  with(std::type_identity<Lstm<N, Recurrent<2>, LearntStart>>());
  with(std::type_identity<Gru<N, LearntStart>>());
  with(std::type_identity<Gru<N, Recurrent<2>, LearntStart>>());
}

}  // namespace

TEST_CASE("real-time recurrent learning reaches a learnt start: fixed sizes") {
  from_start<double, 3>();
  from_start<float, 3>();
}

TEST_CASE("real-time recurrent learning reaches a learnt start: Dynamic sizes") {
  from_start<double, Dynamic>();
}

TEST_CASE("real-time recurrent learning reaches learnt starts of diagonal loops and of layers") {
  equals_bptt(Rnn<double, Input<2>, Dense<3, Tanh, SelfRecurrent<>, SelfRecurrent<2>, LearntStart>,
                  MinGru<3, LearntStart>, Dense<2, Linear>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Sigmoid, LearntStart>, Lstm<2>,
                  MinGru<4, Delayed<1, 2>, LearntStart>,
                  Dense<2, Tanh, Delayed<4, 1>, NoBias, Delayed<3, 2>, LearntStart>>());
  equals_bptt(Rnn<double, Input<2>, Dense<3, Softmax, Recurrent<>, Delayed<2>, LearntStart>,
                  Dense<2, Tanh, LearntStart, Delayed<1, 3>>>());
}
