// SPDX-License-Identifier: MIT
#include <backfold/io/deviation.hpp>

#include "catch.hpp"
#include "numbers.hpp"

namespace bf = backfold;
using bf::detail::Deviation;
using bf::detail::Interval;

namespace {

/// A number before and after, and the least that is known of them.
struct Pair {
  double before, after;
  [[nodiscard]] Deviation known() const {
    return {hull(Interval(before), after), hull(Interval(0), Interval(after - before))};
  }
};

void contains(const Deviation& known, const Pair& pair) {
  REQUIRE(known.range.contains(pair.before));
  REQUIRE(known.range.contains(pair.after));
  REQUIRE(known.error.contains(pair.after - pair.before));
}

}  // namespace

TEST_CASE("deviations of sums, products and mixtures contain both numbers and their difference") {
  bf::Random random(4);
  const auto drawn = [&](double low) {
    return Pair{bf::uniform(random, low, 1), bf::uniform(random, low, 1)};
  };
  for (int n = 0; n < 2000; ++n) {
    const Pair a = drawn(-1), b = drawn(-1), z = drawn(0);
    contains(a.known() + b.known(), {a.before + b.before, a.after + b.after});
    contains(a.known() * b.known(), {a.before * b.before, a.after * b.after});
    const auto mixed = [](double part, double from, double to) {
      return from + part * (to - from);
    };
    const Deviation mixture_of_both = mixture(z.known(), a.known(), b.known()).rounded(1e-15);
    contains(mixture_of_both,
             {mixed(z.before, a.before, b.before), mixed(z.after, a.after, b.after)});
    const double lost = 0.1;
    contains(a.known().rounded(lost), {a.before - lost, a.after + lost});
    contains(a.known().rounded(lost), {a.before + lost, a.after - lost});
  }
}

TEST_CASE("deviations are no wider than the range, and finite below a number") {
  const Deviation wide{{-1, 2}, {-10, 10}};
  REQUIRE(wide.rounded(0).error.magnitude() < 3.001);
  REQUIRE(wide.is_below(11));
  REQUIRE_FALSE(wide.is_below(9));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  REQUIRE_FALSE((Deviation{{0, 1}, {0, nan}}.is_below(9)));
  REQUIRE_FALSE((Deviation{{nan, 1}, {0, 0}}.is_below(9)));
}
