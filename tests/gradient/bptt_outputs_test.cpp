// SPDX-License-Identifier: MIT
#include "bptt.hpp"

using namespace bptt;

TEST_CASE("BPTT is the derivative for recurrent outputs with losses from net inputs",
          "[gradient]") {
  check(Rnn<double, Input<2>, Dense<3, Tanh>, Dense<2, Sigmoid, Recurrent<>>>(),
        BinaryCrossEntropy{});
  check(Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, Dense<3, Softmax, SelfRecurrent<>>>(),
        CategoricalCrossEntropy{});
  check(Rnn<double, Input<2>, Dense<3, Gelu, Recurrent<>>, Dense<2, Gelu, Recurrent<>>>(),
        Huber{.threshold = 0.4});
}

TEST_CASE("BPTT is the derivative for stacked recurrent layers", "[gradient]") {
  check(Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<3, Softmax, Recurrent<>>,
            Dense<2, Linear, From<0>>>(),
        HalfSquaredError{});
}
