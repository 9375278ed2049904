// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "backfold/io/little_endian.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// CRC-32 of bytes: polynomial 0x04C11DB7, bits reflected, as in Ethernet, gzip and PNG. Finds
/// every flipped bit, and every burst of errors of up to 32 bits.
///
/// Eight bytes per step, by eight tables of 256 remainders, as one step waits for the one before.
/// Source: Kounavis & Berry, Novel table lookup-based algorithms for high-performance CRC
/// generation, IEEE Trans. Computers 57 (2008).
class Crc32 {
 public:
  void add(std::string_view bytes) {
    std::size_t i = 0;
    for (; bytes.size() - i >= 8; i += 8) {
      const std::uint32_t low = rest_ ^ from_bytes<std::uint32_t>(bytes.data() + i);
      const auto high = from_bytes<std::uint32_t>(bytes.data() + i + 4);
      rest_ = 0;
      for (unsigned byte = 0; byte < 4; ++byte) {
        rest_ ^= tables[7 - byte][(low >> (8 * byte)) & 0xff] ^
                 tables[3 - byte][(high >> (8 * byte)) & 0xff];
      }
    }
    for (; i < bytes.size(); ++i) {
      rest_ = tables[0][(rest_ ^ static_cast<unsigned char>(bytes[i])) & 0xff] ^ (rest_ >> 8);
    }
  }

  /// Eight hexadecimal digits.
  [[nodiscard]] std::string text() const {
    std::string digits;
    for (int bit = 28; bit >= 0; bit -= 4) digits += "0123456789abcdef"[(~rest_ >> bit) & 15];
    return digits;
  }

 private:
  using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

  /// Remainders of a byte that is followed by 0 to 7 zero bytes.
  static constexpr Tables make_tables() {
    Tables made{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t rest = byte;
      for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ (rest % 2 == 1 ? 0xEDB88320u : 0u);
      made[0][byte] = rest;
    }
    for (std::size_t zeros = 1; zeros < made.size(); ++zeros) {
      for (std::size_t byte = 0; byte < 256; ++byte) {
        const std::uint32_t rest = made[zeros - 1][byte];
        made[zeros][byte] = made[0][rest & 0xff] ^ (rest >> 8);
      }
    }
    return made;
  }
  static const Tables tables;

  std::uint32_t rest_ = 0xFFFFFFFF;
};

inline constexpr Crc32::Tables Crc32::tables = Crc32::make_tables();

/// The key of a safetensors file's checksum in its __metadata__, and the checksum's eight digits
/// while it is computed.
inline constexpr const char* checksum_key = "backfold.crc32";
inline constexpr const char* checksum_zeros = "00000000";

/// Place of the checksum's digits in the bytes of a file, or npos.
inline std::size_t find_checksum(std::string_view content) {
  const std::string before = std::string("\"") + checksum_key + "\":\"";
  const std::size_t at = content.find(before);
  const bool is_there = at != std::string_view::npos && content.size() - at - before.size() >=
                                                            std::string_view(checksum_zeros).size();
  return is_there ? at + before.size() : std::string_view::npos;
}

/// Checksum of all bytes of a file, with zeros for the digits of the checksum itself.
inline std::string checksum_of(std::string_view content) {
  const std::string_view zeros(checksum_zeros);
  const std::size_t at = find_checksum(content);
  Crc32 sum;
  sum.add(content.substr(0, at));
  if (at != std::string_view::npos) {
    sum.add(zeros);
    sum.add(content.substr(at + zeros.size()));
  }
  return sum.text();
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
