// SPDX-License-Identifier: MIT
#include "backfold/core/finite.hpp"

#include <limits>
#include <vector>

#include "backfold/core/denormals.hpp"
#include "catch.hpp"

namespace bf = backfold;

TEMPLATE_TEST_CASE("a number that is not finite is found at every place", "[nan]", float, double) {
  using S = TestType;
  using Limits = std::numeric_limits<S>;
  for (const bf::Index n : {1, 2, 15, 16, 17, 70, 131}) {
    std::vector<S> x(std::size_t(n), S(1));
    CHECK(bf::all_finite(x.data(), n));
    for (bf::Index i = 0; i < n; ++i) {
      for (const S bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
        x[std::size_t(i)] = bad;
        CHECK_FALSE(bf::all_finite(x.data(), n));
      }
      x[std::size_t(i)] = S(1);
    }
  }
}

TEMPLATE_TEST_CASE("large finite numbers are finite, though their sum is not", "", float, double) {
  const std::vector<TestType> x(100, std::numeric_limits<TestType>::max());
  CHECK(bf::all_finite(x.data(), 100));
  CHECK(bf::is_finite(std::numeric_limits<TestType>::denorm_min()));
}

TEST_CASE("denormals are flushed while the guard lives, and not after") {
  volatile float smallest = std::numeric_limits<float>::min();
  auto half = [&] { return smallest * 0.5f; };
  CHECK(half() > 0);
#if defined(__SSE__) || defined(__aarch64__)
  {
    const bf::FlushDenormals guard;
    CHECK(half() == 0);
    { const bf::FlushDenormals nested; }
    CHECK(half() == 0);
  }
  {
    const bf::FlushDenormals inactive(false);
    CHECK(half() > 0);
  }
#endif
  CHECK(half() > 0);
}
