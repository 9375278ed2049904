// SPDX-License-Identifier: MIT
#include "combinations.hpp"

TEST_CASE("backpropagation through Tanh is the derivative, whatever loss, bias, skips and sizes") {
  combinations::check_activation<backfold::Tanh>();
}
