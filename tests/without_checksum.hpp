// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

/// A safetensors file whose checksum has another name: what other programs and earlier versions
/// write, of the same length.
inline std::string without_checksum(std::string content) {
  const std::string key = "\"backfold.crc32\":";
  const std::size_t at = content.find(key);
  if (at == std::string::npos) throw std::runtime_error("the file has no checksum");
  return content.replace(at, key.size(), "\"backfold_crc32\":");
}
