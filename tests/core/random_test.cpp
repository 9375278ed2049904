// SPDX-License-Identifier: MIT
#include "backfold/core/random.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "catch.hpp"

namespace bf = backfold;

TEST_CASE("the generator gives xoshiro256++'s published numbers") {
  bf::Random random(bf::Random::State{{1, 2, 3, 4}});
  for (const std::uint64_t expected : std::initializer_list<std::uint64_t>{
           41943041u, 58720359u, 3588806011781223u, 3591011842654386u, 9228616714210784205u,
           9973669472204895162u, 14011001112246962877u, 12406186145184390807u,
           15849039046786891736u, 10450023813501588000u}) {
    CHECK(random() == expected);
  }
}

TEST_CASE("seeds become states by SplitMix64's published numbers") {
  const bf::Random random(1234567);
  CHECK(random.state() == bf::Random::State{{6457827717110365317u, 3203168211198807973u,
                                             9817491932198370423u, 4593380528125082431u}});
}

TEST_CASE("distributions and the shuffle give these numbers on every platform") {
  bf::Random random(42);
  CHECK(bf::uniform(random) == 0x1.a0ec9a9e88ecdp-1);
  CHECK(bf::uniform(random, -2, 3) == Approx(-0.4058947996916944).epsilon(1e-15));
  CHECK(bf::below(random, 10) == 0);
  CHECK(bf::normal(random) == Approx(0.65944191794802076).epsilon(1e-14));
  int order[8];
  std::iota(order, order + 8, 0);
  bf::Random other(7);
  bf::shuffle(other, order, 8);
  CHECK(std::vector<int>(order, order + 8) == std::vector<int>{4, 3, 0, 7, 1, 2, 6, 5});
}

TEST_CASE("uniform numbers fill the interval and normal ones have mean 0 and variance 1") {
  bf::Random random(3);
  double sum = 0, squares = 0, least = 1, most = 0;
  constexpr int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double u = bf::uniform(random);
    least = std::min(least, u);
    most = std::max(most, u);
    const double x = bf::normal(random);
    sum += x;
    squares += x * x;
  }
  CHECK((least >= 0 && least < 1e-3 && most < 1 && most > 0.999));
  CHECK(std::abs(sum / n) < 5 / std::sqrt(double(n)));
  CHECK(std::abs(squares / n - 1) < 10 / std::sqrt(double(n)));
}

TEST_CASE("every order of four things comes equally often") {
  bf::Random random(9);
  std::vector<int> counts(256);
  for (int i = 0; i < 24000; ++i) {
    int order[4] = {0, 1, 2, 3};
    bf::shuffle(random, order, 4);
    ++counts[std::size_t(order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3])];
  }
  int orders = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++orders;
    CHECK(std::abs(count - 1000) < 160);  // five standard deviations
  }
  CHECK(orders == 24);
}

TEST_CASE("a generator of the standard library serves as well, and a copy goes on alike") {
  std::mt19937_64 standard(5);
  const double u = bf::uniform(standard);
  CHECK((u >= 0 && u < 1));
  bf::Random random(8);
  random();
  bf::Random copy = random;
  CHECK(copy() == random());
}
