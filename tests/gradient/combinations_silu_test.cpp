// SPDX-License-Identifier: MIT
#include "combinations.hpp"

TEST_CASE("backpropagation through Silu is the derivative, whatever loss, bias, skips and sizes") {
  combinations::check_activation<backfold::Silu>();
}
