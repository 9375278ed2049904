// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "backfold/io/little_endian.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A message in the wire format of Protocol Buffers, written field by field, in any order.
///
/// A field is a key (8 · its number + wire type), then its value: a varint, 4 bytes, or a length
/// with as many bytes, which hold a text or another message.
/// Source: Google, Protocol Buffers: encoding (2008).
class ProtobufMessage {
 public:
  /// Adds an int32, int64 or enumeration. Negative numbers take ten bytes, as the format says.
  ProtobufMessage& integer(int field, std::int64_t value) {
    append_key(field, 0);
    append_varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  /// Adds a float.
  ProtobufMessage& real(int field, float value) {
    append_key(field, 5);
    append_little_endian(bytes_, &value, 1);
    return *this;
  }
  /// Adds a string, or bytes.
  ProtobufMessage& text(int field, const std::string& bytes) {
    append_key(field, 2);
    append_varint(bytes.size());
    bytes_ += bytes;
    return *this;
  }
  ProtobufMessage& message(int field, const ProtobufMessage& inner) {
    return text(field, inner.bytes_);
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void append_key(int field, unsigned wire_type) {
    append_varint(static_cast<std::uint64_t>(field) << 3 | wire_type);
  }
  /// Seven bits a byte, the lowest first; the eighth says that more follow.
  void append_varint(std::uint64_t value) {
    for (; value > 0x7f; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
