// SPDX-License-Identifier: MIT
#include "properties.hpp"

using namespace topologies;

TEST_CASE("symmetries of recurrent networks keep f, permute the gradient, have one form",
          "[property]") {
  holds_for<topologies::Elman>(5);
  holds_for<Jordan>(6);
  holds_for<Diagonal>(7);
  holds_for<topologies::Back>(8);
}
