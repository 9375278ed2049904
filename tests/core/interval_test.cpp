// SPDX-License-Identifier: MIT
#include <backfold/core/interval.hpp>

#include "catch.hpp"
#include "numbers.hpp"

using backfold::detail::hull;
using backfold::detail::intersection;
using backfold::detail::Interval;

namespace {

bool has(const Interval& interval, long double x) {
  return interval.lower <= x && x <= interval.upper;
}

}  // namespace

TEST_CASE("intervals contain the exact results, and little more") {
  backfold::Random random(3);
  const auto drawn = [&] { return backfold::uniform(random, -1, 1); };
  for (int n = 0; n < 20000; ++n) {
    const double l = drawn(), k = drawn(), a = drawn(), b = drawn();
    const Interval x((std::min)(l, a), (std::max)(l, a)), y((std::min)(k, b), (std::max)(k, b));
    // The bounds of exact results are those of a pair of ends.
    for (const long double p : {l, a}) {
      for (const long double q : {k, b}) {
        REQUIRE((has(x + y, p + q) && has(x - y, p - q) && has(x * y, p * q)));
      }
    }
    const double width = 2 * (x.upper - x.lower + y.upper - y.lower) + 1e-14;
    REQUIRE((x * y).upper - (x * y).lower <= width);
    REQUIRE(hull(x, y).contains(x));
    REQUIRE((x + Interval::symmetric(0.1)).contains(x));
  }
}

TEST_CASE("intervals are moved outwards at zero and where results underflow") {
  const Interval tiny(1e-200);
  REQUIRE((tiny * tiny).upper > 0);
  REQUIRE((Interval(0.1) + 0.2).contains(0.3));
  REQUIRE((Interval(1) - 1).contains(0));
  REQUIRE((Interval(-2, 3) * Interval(-5, 1)).contains(Interval(-15, 10)));
  REQUIRE_FALSE((Interval(-2, 3) * Interval(-5, 1)).contains(10.001));
  REQUIRE(Interval(-2, 1).magnitude() == 2);
  REQUIRE(intersection({-1, 2}, {0, 3}).contains(Interval(0, 2)));
}
