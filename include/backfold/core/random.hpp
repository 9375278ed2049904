// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <utility>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A generator of 64 random bits per call; std::mt19937_64 is one too.
template <class G>
concept BitGenerator64 = requires(G& generator) {
  { generator() } -> std::same_as<std::uint64_t>;
};

namespace detail {

/// Advances SplitMix64 and returns its next number. Neighbouring seeds give unrelated numbers.
/// Source: Steele, Lea & Flood, Fast splittable pseudorandom number generators (2014).
constexpr std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace detail

/// The library's generator: xoshiro256++, its state filled from a seed by SplitMix64. A copy
/// continues with the same numbers.
///
/// Source: Blackman & Vigna, Scrambled linear pseudorandom number generators (2021).
class Random {
 public:
  using result_type = std::uint64_t;
  struct State {
    std::uint64_t words[4];
    friend bool operator==(const State&, const State&) = default;
  };

  explicit constexpr Random(std::uint64_t seed = 1) {
    for (std::uint64_t& word : state_.words) word = detail::split_mix(seed);
  }
  /// Continues from the state of another generator. @pre not all words are 0
  explicit constexpr Random(const State& state) : state_(state) {}

  [[nodiscard]] constexpr const State& state() const { return state_; }

  constexpr std::uint64_t operator()() {
    std::uint64_t(&s)[4] = state_.words;
    const std::uint64_t result = rotate(s[0] + s[3], 23) + s[0];
    const std::uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
  }
  static constexpr std::uint64_t(min)() { return 0; }
  static constexpr std::uint64_t(max)() { return ~std::uint64_t{0}; }

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
  }
  State state_{};
};

/// Uniform in [0, 1): 53 random bits, the same on every platform.
template <BitGenerator64 G>
double uniform(G& generator) {
  return static_cast<double>(generator() >> 11) * 0x1p-53;
}

/// Uniform in [low, high).
template <BitGenerator64 G>
double uniform(G& generator, double low, double high) {
  return low + (high - low) * uniform(generator);
}

/// Standard normal, by the polar method. The same on every platform but for the last bits of the
/// mathematical library's logarithm.
/// Source: Marsaglia & Bray, A convenient method for generating normal variables (1964).
template <BitGenerator64 G>
double normal(G& generator) {
  for (;;) {
    const double a = uniform(generator, -1, 1);
    const double b = uniform(generator, -1, 1);
    const double s = a * a + b * b;
    if (s < 1 && s > 0) return a * std::sqrt(-2 * std::log(s) / s);
  }
}

/// Uniform among 0..n−1, without modulo bias (rejection sampling).
/// @pre n >= 1
template <BitGenerator64 G>
std::uint64_t below(G& generator, std::uint64_t n) {
  const std::uint64_t first_fair = (0 - n) % n;
  for (;;) {
    const std::uint64_t r = generator();
    if (r >= first_fair) return r % n;
  }
}

/// Shuffles n elements; all orders are equally likely (Fisher & Yates).
template <BitGenerator64 G, class T>
void shuffle(G& generator, T* things, Index n) {
  for (Index i = n - 1; i > 0; --i) {
    const auto j = static_cast<Index>(below(generator, static_cast<std::uint64_t>(i) + 1));
    std::swap(things[i], things[j]);
  }
}

BACKFOLD_END_NAMESPACE
