// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "backfold/core/file_writer.hpp"
#include "backfold/core/packet.hpp"
#include "backfold/core/size.hpp"
#include "backfold/io/checksum.hpp"
#include "backfold/io/json.hpp"
#include "backfold/io/little_endian.hpp"

/// Not in backfold.hpp: it needs files and nlohmann-json.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Name of a type in the format.
template <class S>
constexpr const char* tensor_type() {
  static_assert(Real<S> || std::is_same_v<S, std::int64_t>,
                "backfold: a file's array is of float, double or std::int64_t");
  return std::is_same_v<S, float> ? "F32" : std::is_same_v<S, double> ? "F64" : "I64";
}

}  // namespace detail

/// Arrays and texts that become a safetensors file.
///
///     bf::TensorWriter file;
///     file.add("weight", {rows, columns}, numbers);   // row-major
///     file.set_metadata("author", "me");
///     file.write("weights.safetensors");
///
/// Arrays of 8-byte numbers come first, then arrays of floats, and the data begin at a multiple of
/// 8 bytes, so that programs can map the file and use the numbers in place. The __metadata__ get a
/// checksum of the file, which TensorFile compares: "backfold.crc32", the CRC-32 of all bytes, in
/// eight hexadecimal digits that are zeros while it is computed.
class TensorWriter {
 public:
  /// Adds a copy of numbers, row-major: F32, F64 or I64.
  /// @throws std::invalid_argument for a name that exists already or is not UTF-8
  template <class S>
  void add(const std::string& name, const std::vector<Index>& shape, const S* numbers) {
    detail::Json& entry = entry_of(name);
    detail::Size count = 1;
    for (const Index n : shape) count = count * n;
    std::string& data = sizeof(S) == 8 ? wide_ : floats_;
    const std::size_t begin = data.size();
    detail::append_little_endian(data, numbers, count.value());
    entry["dtype"] = detail::tensor_type<S>();
    entry["shape"] = shape;
    entry["data_offsets"] = {begin, data.size()};
  }

  /// Sets an entry of the header's __metadata__.
  /// @throws std::invalid_argument unless both are UTF-8, or for the checksum's key
  void set_metadata(const std::string& key, const std::string& text) {
    check_text(key);
    check_text(text);
    if (key == detail::checksum_key) fail_argument("save: \"", key, "\" is set by the writer");
    metadata_[key] = text;
  }

  /// Writes a temporary file, flushes it, then replaces an old file by it.
  /// @throws std::runtime_error naming the file and the reason
  void write(const std::string& path) const {
    detail::Json header = entries_;
    for (auto& entry : header) {
      if (entry["dtype"] != "F32") continue;
      for (auto& offset : entry["data_offsets"]) {
        offset = offset.get<std::size_t>() + wide_.size();
      }
    }
    header["__metadata__"] = metadata_;
    header["__metadata__"][detail::checksum_key] = detail::checksum_zeros;
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    const std::uint64_t size = text.size();
    std::string length;
    detail::append_little_endian(length, &size, 1);
    detail::Crc32 sum;
    sum.add(length);
    sum.add(text);
    sum.add(wide_);
    sum.add(floats_);
    const std::string digits = sum.text();
    text.replace(detail::find_checksum(text), digits.size(), digits);
    detail::FileWriter file(path);
    file.write(length);
    file.write(text);
    file.write(wide_);
    file.write(floats_);
    file.commit();
  }

 private:
  static void check_text(const std::string& text) {
    if (!detail::is_utf8(text)) fail_argument("save: \"", text, "\" is not UTF-8");
  }

  detail::Json& entry_of(const std::string& name) {
    check_text(name);
    if (name == "__metadata__" || entries_.contains(name)) {
      fail_argument("save: an array \"", name, "\" is there already");
    }
    return entries_[name];
  }

  detail::Json entries_ = detail::Json::object(), metadata_ = detail::Json::object();
  std::string wide_, floats_;
};

BACKFOLD_END_NAMESPACE
