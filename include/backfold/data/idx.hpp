// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/types.hpp"

/// Reads IDX files, the format of MNIST and Fashion-MNIST, plain or gzipped. Opt-in: needs zlib.

BACKFOLD_BEGIN_NAMESPACE

/// An IDX file of bytes: consecutive items of equal size.
struct IdxFile {
  Index items = 0;
  Index item_size = 0;  ///< bytes of an item: the product of all sizes except the first
  std::vector<std::uint8_t> bytes;
};

namespace detail {

/// The bytes of a file, decompressed if it is gzipped. Consecutive gzip members are concatenated.
/// (zlib's gzread accepts some files with a truncated trailer.)
class GzipFile {
 public:
  explicit GzipFile(const std::string& path) : path_(path) {
    // Only regular files: a stream would open a directory, and a pipe without a writer would block
    // forever.
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (std::filesystem::is_directory(status)) fail_runtime(path, ": is a directory");
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      fail_runtime(path, ": is no regular file");
    }
    file_.open(path, std::ios::binary);
    if (!file_) fail_runtime(path, ": cannot be opened");
    fill();
    is_gzipped_ = stream_.avail_in >= 2 && input_[0] == 0x1f && input_[1] == 0x8b;
    constexpr int window = 15, gzip = 16;
    if (inflateInit2(&stream_, window + gzip) != Z_OK) fail_runtime(path, ": zlib has no memory");
  }
  ~GzipFile() { inflateEnd(&stream_); }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  /// Reads up to `count` bytes; fewer only at the end of the file.
  std::size_t read(std::uint8_t* to, std::size_t count) {
    std::size_t done = 0;
    while (done < count) {
      if (stream_.avail_in == 0) fill();
      if (stream_.avail_in == 0) {
        if (in_part_) fail_runtime(path_, ": its gzipped data are cut off");
        break;
      }
      const std::size_t got = is_gzipped_ ? unpack(to + done, count - done)  //
                                          : copy(to + done, count - done);
      done += got;
      position_ += got;
    }
    return done;
  }

 private:
  void fill() {
    file_.read(reinterpret_cast<char*>(input_), sizeof input_);
    if (file_.bad()) fail_runtime(path_, ": cannot be read");
    stream_.next_in = input_;
    stream_.avail_in = static_cast<unsigned>(file_.gcount());
  }

  std::size_t copy(std::uint8_t* to, std::size_t room) {
    const std::size_t count = (std::min<std::size_t>)(room, stream_.avail_in);
    std::copy_n(stream_.next_in, count, to);
    stream_.next_in += count;
    stream_.avail_in -= static_cast<unsigned>(count);
    return count;
  }

  std::size_t unpack(std::uint8_t* to, std::size_t room) {
    in_part_ = true;
    const auto piece = static_cast<unsigned>((std::min<std::size_t>)(room, 1u << 20));
    stream_.next_out = to;
    stream_.avail_out = piece;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      in_part_ = false;
      inflateReset(&stream_);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      fail(code);
    }
    return piece - stream_.avail_out;
  }

  [[noreturn]] void fail(int code) const {
    const std::string why = stream_.msg == nullptr ? "" : stream_.msg;
    if (code == Z_MEM_ERROR) fail_runtime(path_, ": zlib has no memory");
    if (why == "incorrect data check") fail_runtime(path_, ": wrong checksum");
    if (why == "incorrect length check") {
      fail_runtime(path_, ": wrong length in its gzip trailer");
    }
    if (why == "incorrect header check" && position_ > 0) {
      fail_runtime(path_, ": bytes are left over after its gzipped data");
    }
    fail_runtime(path_, ": damaged at byte ", position_);
  }

  std::string path_;
  std::ifstream file_;
  z_stream stream_{};
  bool is_gzipped_ = false;
  bool in_part_ = false;        ///< inside a gzip member
  std::uint64_t position_ = 0;  ///< in the decompressed bytes
  unsigned char input_[1u << 14];
};

}  // namespace detail

/// Reads an IDX file of unsigned bytes. The file is not trusted: memory grows with its actual
/// contents, whatever its header claims.
///
/// @throws std::runtime_error naming the file and the error: it cannot be opened, is not an IDX
/// file of bytes, is shorter or longer than its sizes require, or has a damaged or incomplete gzip
/// stream
[[nodiscard]] inline IdxFile read_idx(const std::string& path) {
  detail::GzipFile file(path);
  std::uint8_t head[4];
  if (file.read(head, 4) != 4) fail_runtime(path, ": shorter than an IDX header");
  if (head[0] != 0 || head[1] != 0) fail_runtime(path, ": no IDX file: it starts with other bytes");
  if (head[2] != 8) fail_runtime(path, ": expected IDX type 8 (bytes), got ", int{head[2]});
  if (head[3] == 0) fail_runtime(path, ": an IDX file needs at least one dimension");

  // Largest count of an Index on this machine, and so of a vector's numbers.
  constexpr auto countable =
      static_cast<std::uint64_t>((std::numeric_limits<std::ptrdiff_t>::max)());
  constexpr std::uint64_t most = (std::min)(std::uint64_t{1} << 40, countable);
  std::uint64_t items = 0, item_size = 1;
  bool is_empty = false;
  for (int d = 0; d < head[3]; ++d) {
    std::uint8_t s[4];
    if (file.read(s, 4) != 4) fail_runtime(path, ": ends in its header");
    const std::uint64_t size = std::uint64_t{s[0]} << 24 | std::uint64_t{s[1]} << 16 |
                               std::uint64_t{s[2]} << 8 | std::uint64_t{s[3]};
    is_empty = is_empty || size == 0;
    if (d == 0) {
      items = size;
    } else if (size != 0 && item_size > most / size) {
      fail_runtime(path, ": its sizes multiply past all bounds");
    } else {
      item_size *= size;
    }
  }
  if (items > most || (!is_empty && item_size > most / items)) {
    fail_runtime(path, ": its sizes multiply past all bounds");
  }
  IdxFile result;
  result.items = static_cast<Index>(items);
  result.item_size = static_cast<Index>(item_size);
  const std::size_t total =
      static_cast<std::size_t>(result.items) * static_cast<std::size_t>(result.item_size);

  constexpr std::size_t piece = 1u << 22;
  while (result.bytes.size() < total) {
    const std::size_t before = result.bytes.size();
    const std::size_t wanted = (std::min)(piece, total - before);
    result.bytes.resize(before + wanted);
    const std::size_t got = file.read(result.bytes.data() + before, wanted);
    if (got < wanted) {
      fail_runtime(path, ": ends after ", before + got, " bytes of data, expected ", total);
    }
  }
  std::uint8_t extra;
  if (file.read(&extra, 1) != 0) fail_runtime(path, ": bytes are left over after its ", total);
  return result;
}

/// The items as columns, scaled from 0..255 to 0..1.
/// @throws std::invalid_argument if the number of bytes differs from the file's sizes
template <class S>
[[nodiscard]] Matrix<S> scaled_columns(const IdxFile& file) {
  const Index numbers = (detail::Size(file.item_size) * file.items).value("scaled_columns");
  if (static_cast<std::size_t>(numbers) != file.bytes.size()) {
    fail_argument("scaled_columns: expected ", file.items, " items of ", file.item_size,
                  " bytes, got ", file.bytes.size(), " bytes");
  }
  Matrix<S> columns(file.item_size, file.items);
  for (Index i = 0; i < columns.size(); ++i) {
    columns.data()[i] = static_cast<S>(file.bytes[static_cast<std::size_t>(i)]) / S(255);
  }
  return columns;
}

BACKFOLD_END_NAMESPACE
