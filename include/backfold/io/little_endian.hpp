// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Appends the bytes of numbers of 4 or 8 bytes each, the least significant byte first.
template <class S>
void append_little_endian(std::string& data, const S* numbers, Index count) {
  static_assert(sizeof(S) == 4 || sizeof(S) == 8);
  using Bits = std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>;
  std::size_t at = data.size();
  data.resize(at + static_cast<std::size_t>(count) * sizeof(S));
  for (Index i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<Bits>(numbers[i]);
    for (std::size_t byte = 0; byte < sizeof(S); ++byte) {
      data[at++] = static_cast<char>((bits >> (8 * byte)) & 0xff);
    }
  }
}

/// A number from its bytes, in little-endian order.
template <class S>
S from_bytes(const char* bytes) {
  using Bits = std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>;
  Bits bits = 0;
  for (std::size_t i = sizeof(S); i-- > 0;) {
    bits = static_cast<Bits>(bits << 8) | static_cast<unsigned char>(bytes[i]);
  }
  return std::bit_cast<S>(bits);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
