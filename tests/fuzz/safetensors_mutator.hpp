// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "fuzz.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

/// Mutates the header or the numbers of a safetensors file and sets the header's length, which
/// would otherwise refuse most mutants at once. One mutation of 16 is of the whole file.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t room, unsigned seed) {
  constexpr std::size_t prefix = 8;
  if (size < prefix || seed % 16 == 0) return LLVMFuzzerMutate(data, size, room);
  std::uint64_t length = 0;
  for (std::size_t i = prefix; i-- > 0;) length = length << 8 | data[i];
  const std::size_t rest = size - prefix;
  const auto header = static_cast<std::size_t>((std::min<std::uint64_t>)(length, rest));
  const bool of_header = seed % 4 != 1 || header == rest;
  std::string part(reinterpret_cast<char*>(data) + prefix + (of_header ? 0 : header),
                   of_header ? header : rest - header);
  const std::string other(reinterpret_cast<char*>(data) + prefix + (of_header ? header : 0),
                          of_header ? rest - header : header);
  const std::size_t used = part.size(), most = room - prefix - other.size();
  part.resize(most);
  part.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(part.data()), used, most));
  const std::string& first = of_header ? part : other;
  const std::string& second = of_header ? other : part;
  for (std::size_t i = 0; i < prefix; ++i) {
    data[i] = static_cast<std::uint8_t>(std::uint64_t{first.size()} >> (8 * i));
  }
  std::memcpy(data + prefix, first.data(), first.size());
  std::memcpy(data + prefix + first.size(), second.data(), second.size());
  return prefix + first.size() + second.size();
}
