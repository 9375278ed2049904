// SPDX-License-Identifier: MIT
// Our own checks on each of the library's gated layers.
#include "passes.hpp"

using namespace backfold;

TEST_CASE("check_layer passes gated layers", "[layer]") {
  passes(Lstm<5>());
  passes(Lstm<3, NoBias, From<0>>());
  passes(Gru<5>());
  passes(Gru<3, Recurrent<2>, NoBias>());
  passes(Lstm<4, Through<2>, NoBias>());
  passes(Gru<4, Through<2>>());
  passes(MinGru<5>());
  passes(MinGru<3, From<0>, NoBias>());
  passes(MinGru<3, SelfRecurrent<>>());
  passes(MinGru<1>());
}
