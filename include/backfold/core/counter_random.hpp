// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Counter-based generator Philox4x32-10: 128 random bits as a function of a 128-bit counter. It
/// has no state, so any thread can draw any number, in any order and repeatedly.
///
/// Source: Salmon, Moraes, Dror & Shaw, Parallel random numbers: as easy as 1, 2, 3 (2011).
class CounterRandom {
 public:
  using Block = std::array<std::uint32_t, 4>;

  explicit constexpr CounterRandom(std::uint64_t key)
      : key_{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)} {}

  constexpr Block operator()(Block counter) const {
    std::uint32_t k0 = key_[0], k1 = key_[1];
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xd2511f53u} * counter[0];
      const std::uint64_t b = std::uint64_t{0xcd9e8d57u} * counter[2];
      counter = {
          static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ k0, static_cast<std::uint32_t>(b),
          static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ k1, static_cast<std::uint32_t>(a)};
      k0 += 0x9e3779b9u;
      k1 += 0xbb67ae85u;
    }
    return counter;
  }

 private:
  std::uint32_t key_[2];
};

BACKFOLD_END_NAMESPACE
