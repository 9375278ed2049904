// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

#include "backfold/core/error.hpp"
#include "backfold/core/size.hpp"
#include "backfold/data/npy_header.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A .npy file, open at the first byte after its header.
class NpyFile {
 public:
  explicit NpyFile(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    if (!file_) fail_runtime(path_, ": cannot be opened");
    file_.seekg(0, std::ios::end);
    const std::streamoff end = file_.tellg();
    file_.seekg(0);
    char head[12];
    if (!file_.read(head, 10)) {
      fail_runtime(path_, file_.bad() ? ": cannot be read" : ": shorter than a .npy header");
    }
    if (std::memcmp(head, "\x93NUMPY", 6) != 0) {
      fail_runtime(path_, ": no .npy file: it starts with other bytes");
    }
    const int version = static_cast<unsigned char>(head[6]);
    const int minor_version = static_cast<unsigned char>(head[7]);
    if (version < 1 || version > 3 || minor_version != 0) {
      fail_runtime(path_, ": expected .npy version 1.0, 2.0 or 3.0, got ", version, ".",
                   minor_version);
    }
    const int digits = version == 1 ? 2 : 4;  // of the length of the text, in base 256
    if (digits == 4 && !file_.read(head + 10, 2)) fail_runtime(path_, ": ends in its header");
    std::uint64_t length = 0;
    for (int i = digits - 1; i >= 0; --i) {
      length = length << 8 | static_cast<unsigned char>(head[8 + i]);
    }
    const std::uint64_t begin = 8 + static_cast<std::uint64_t>(digits) + length;
    if (end < 0 || begin > static_cast<std::uint64_t>(end)) {
      fail_runtime(path_, ": ends in its header");
    }
    std::string text(static_cast<std::size_t>(length), ' ');
    if (!file_.read(text.data(), static_cast<std::streamsize>(length))) {
      fail_runtime(path_, ": cannot be read");
    }
    header_ = NpyHeaderText(path_, text).parse();

    const Size numbers = Size(header_.shape[0]) * Size(header_.shape[1]);
    if (!numbers.is_countable()) {
      fail_runtime(path_, ": its shape has more numbers than can be counted");
    }
    const std::uint64_t bytes = static_cast<std::uint64_t>(end) - begin;
    const std::uint64_t expected =
        static_cast<std::uint64_t>(numbers.value()) * static_cast<std::uint64_t>(header_.item_size);
    if (bytes != expected) {
      fail_runtime(path_, bytes < expected ? ": ends after " : ": has ", bytes,
                   " bytes of data, expected ", expected);
    }
  }

  [[nodiscard]] const NpyHeader& header() const { return header_; }

  void read(void* to, std::size_t bytes) {
    if (!file_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes))) {
      fail_runtime(path_, ": cannot be read");
    }
  }

  /// Calls f with a value of the file's type.
  template <class Function>
  void with_type(const Function& f) const {
    const int size = header_.item_size;
    switch (header_.kind) {
      case 'b':
        return f(false);
      case 'f':
        return size == 4 ? f(0.f) : f(0.0);
      case 'i':
        return size == 1   ? f(std::int8_t{})
               : size == 2 ? f(std::int16_t{})
               : size == 4 ? f(std::int32_t{})
                           : f(std::int64_t{});
      default:
        return size == 1   ? f(std::uint8_t{})
               : size == 2 ? f(std::uint16_t{})
               : size == 4 ? f(std::uint32_t{})
                           : f(std::uint64_t{});
    }
  }

 private:
  const std::string& path_;
  std::ifstream file_;
  NpyHeader header_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
