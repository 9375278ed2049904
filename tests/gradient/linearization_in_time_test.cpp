// SPDX-License-Identifier: MIT
#include "products.hpp"

using namespace products;

TEST_CASE("Jacobian-vector products equal differences in networks of delays") {
  agree_in_time(Elman<double, Dynamic, Dynamic, Dynamic>(2, 4, 2));
  agree_in_time(Rnn<double, Input<2>, Dense<3, Silu, Recurrent<>, Recurrent<3>, Delayed<0, 2>>,
                    Dense<2, Tanh, From<0>>>());
  agree_in_time(Rnn<double, Input<2>, Dense<3, Softmax, Delayed<2>>, Dense<4, Sigmoid, NoBias>,
                    Dense<2, Gelu, Delayed<1, 2>, Recurrent<>>>());
  agree_in_time(
      Rnn<double, Input<2>, Dense<4, Tanh, SelfRecurrent<>, SelfRecurrent<3>>, Dense<1, Linear>>());
}
