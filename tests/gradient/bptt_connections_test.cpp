// SPDX-License-Identifier: MIT
#include "bptt.hpp"

using namespace bptt;

TEST_CASE("BPTT is the derivative for loops of one layer", "[gradient]") {
  const HalfSquaredError loss;
  check(Elman<double, 2, 3, 2>(), loss);
  check(Elman<double, Dynamic, Dynamic, Dynamic>(2, 3, 2), loss);
  check(Rnn<double, Input<2>, Dense<3, Tanh, SelfRecurrent<>>, Dense<2, Linear>>(), loss);
  check(Rnn<double, Input<2>, Dense<3, Sigmoid, Recurrent<3>, NoBias>, Dense<2, Linear>>(), loss);
  check(Rnn<double, Input<1>, Dense<1, Tanh, Recurrent<>>>(), loss);
}

TEST_CASE("BPTT is the derivative for back-connections, taps and many at once", "[gradient]") {
  const HalfSquaredError loss;
  check(Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, Dense<2, Sigmoid>>(), loss);
  check(Rnn<double, Input<2>, Dense<3, Silu, Recurrent<>, Recurrent<3>, Delayed<0, 2>>,
            Dense<4, Tanh, From<0>, NoBias>, Dense<2, Tanh, Recurrent<>, Delayed<1, 2>>>(),
        loss);
  check(Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Delayed<3>>,
            Dense<Dynamic, Softmax, SelfRecurrent<>>, Dense<Dynamic, Tanh, From<1>>,
            Dense<Dynamic, Silu, From<0>, Recurrent<2>, Delayed<1, 2>>>(2, 3, 4, 2, 3),
        loss);
}
