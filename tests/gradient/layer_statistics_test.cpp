// SPDX-License-Identifier: MIT
#include "backfold/gradient/layer_statistics.hpp"

#include <vector>

#include "catch.hpp"

using namespace backfold;

TEST_CASE("equal numbers have this mean, and no variance") {
  for (const double number : {0.1, -1e10 / 3, 12345.678}) {
    const std::vector<double> x(700, number);
    const detail::Moments moments = detail::moments_of(x.data(), 7, {.batch = 100});
    CHECK(moments.mean == number);
    CHECK(moments.variance <= 1e-36 * number * number);
  }
}
