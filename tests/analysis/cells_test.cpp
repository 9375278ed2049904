// SPDX-License-Identifier: MIT
#include "properties.hpp"

using namespace topologies;

TEST_CASE("symmetries of LSTM and GRU keep f, permute the gradient, have one form", "[property]") {
  holds_for<Memory>(9);
  holds_for<Gated>(10);
  holds_for<Mixed>(11);
}
