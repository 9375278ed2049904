// SPDX-License-Identifier: MIT
#include "backfold/core/counter_random.hpp"

#include <bit>
#include <cmath>

#include "catch.hpp"

namespace bf = backfold;
using Block = bf::CounterRandom::Block;

TEST_CASE("the counter-based generator gives Philox4x32-10's published numbers", "[core]") {
  CHECK(bf::CounterRandom(0)({0, 0, 0, 0}) ==
        Block{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  constexpr std::uint32_t ones = 0xffffffffu;
  CHECK(bf::CounterRandom(~std::uint64_t{0})({ones, ones, ones, ones}) ==
        Block{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  CHECK(bf::CounterRandom(0x299f31d0a4093822u)(
            {0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}) ==
        Block{0xd16cfe09u, 0x94fdcceb, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("neighbouring counters and keys have nothing in common", "[core]") {
  int same = 0;  // of 128·3·1000 pairs of bits, half
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const Block a = bf::CounterRandom(7)({i, 0, 0, 0});
    for (const Block& b :
         {bf::CounterRandom(7)({i + 1, 0, 0, 0}), bf::CounterRandom(7)({i, 0, 0, 1}),
          bf::CounterRandom(8)({i, 0, 0, 0})}) {
      for (std::size_t k = 0; k < 4; ++k) same += std::popcount(~(a[k] ^ b[k]));
    }
  }
  CHECK(std::abs(same - 192000) < 1550);  // five standard deviations
}
