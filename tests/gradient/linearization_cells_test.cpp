// SPDX-License-Identifier: MIT
#include "products.hpp"

using namespace products;

TEST_CASE("Jacobian-vector products equal differences in networks of cells") {
  agree_in_time(Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>());
  agree_in_time(Rnn<double, Input<2>, Gru<2, Recurrent<2>, Delayed<2>>, Dense<2, Tanh, From<0>>>());
  agree_in_time(Rnn<double, Input<2>, MinGru<3>, Lstm<2, Delayed<0, 2>, NoBias>>());
}

TEST_CASE("Jacobian-vector products equal differences with layer norm in a loop") {
  agree_in_time(Rnn<double, Input<2>, Dense<3, Linear, Delayed<3>>, LayerNorm<3>, Activate<3, Tanh>,
                    Dropout<3>, Dense<1, Linear>>());
}
