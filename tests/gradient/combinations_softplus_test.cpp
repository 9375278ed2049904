// SPDX-License-Identifier: MIT
#include "combinations.hpp"

TEST_CASE(
    "backpropagation through Softplus is the derivative, whatever loss, bias, skips and sizes") {
  combinations::check_activation<backfold::Softplus>();
}
