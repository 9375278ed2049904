// SPDX-License-Identifier: MIT
#include "combinations.hpp"

TEST_CASE(
    "backpropagation through Sigmoid is the derivative, whatever loss, bias, skips and sizes") {
  combinations::check_activation<backfold::Sigmoid, true>();
}
