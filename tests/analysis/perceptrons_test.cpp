// SPDX-License-Identifier: MIT
#include "properties.hpp"

using namespace topologies;

TEST_CASE("symmetries of perceptrons keep f, permute the gradient, have one form", "[property]") {
  holds_for<OneLayer>(1);
  holds_for<Skips>(2);
  holds_for<NotOdd>(3);
  holds_for<HiddenSoftmax>(4);
}
