// SPDX-License-Identifier: MIT
#include "bptt.hpp"

using namespace bptt;

TEST_CASE("BPTT is the derivative for LSTM and GRU layers, stacked, skipped and looped over",
          "[gradient]") {
  const HalfSquaredError loss;
  check(Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>(), loss);
  check(Rnn<double, Input<2>, Lstm<3>, Lstm<2, NoBias, From<0>, Delayed<3>>,
            Dense<2, Tanh, From<1>>>(),
        loss);
  check(Rnn<double, Input<2>, Gru<3>>(), loss);
  check(Rnn<double, Input<Dynamic>, Gru<Dynamic, Delayed<0>>, Dense<Dynamic, Silu>,
            Gru<Dynamic, Recurrent<2>, NoBias>>(2, 3, 4, 2),
        loss);
}
