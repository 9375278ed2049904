// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/types.hpp"

/// Opt-in (needs zlib): reading IDX files, the format of MNIST and Fashion-MNIST, plain or gzipped.

BACKFOLD_BEGIN_NAMESPACE

/// An IDX file of bytes: items of equal size, one behind the other.
struct IdxFile {
  Index items = 0;
  Index item_size = 0;  ///< bytes of an item: the product of all sizes but the first
  std::vector<std::uint8_t> bytes;
};

namespace detail {

/// A file that zlib reads, gzipped or not, closed when it goes.
class GzipFile {
 public:
  explicit GzipFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (file_ == nullptr) fail_runtime(path, ": cannot be opened");
  }
  ~GzipFile() { gzclose(file_); }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  /// Reads up to `count` bytes; fewer only at the end of the file.
  std::size_t read(std::uint8_t* to, std::size_t count) {
    std::size_t done = 0;
    while (done < count) {
      const auto piece = static_cast<unsigned>((std::min<std::size_t>)(count - done, 1u << 20));
      const int got = gzread(file_, to + done, piece);
      if (got < 0) fail_runtime(path_, ": damaged at byte ", done);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  std::string path_;
  gzFile file_;
};

}  // namespace detail

/// Reads an IDX file of unsigned bytes. What is read is not trusted: memory grows with what the
/// file really holds, whatever its header says.
///
/// @throws std::runtime_error naming the file and what is wrong: it cannot be opened, is no IDX
/// file of bytes, is shorter or longer than its sizes say
inline IdxFile read_idx(const std::string& path) {
  detail::GzipFile file(path);
  std::uint8_t head[4];
  if (file.read(head, 4) != 4) fail_runtime(path, ": shorter than an IDX header");
  if (head[0] != 0 || head[1] != 0) fail_runtime(path, ": no IDX file: it starts with other bytes");
  if (head[2] != 8) fail_runtime(path, ": expected IDX type 8 (bytes), got ", int{head[2]});
  if (head[3] == 0) fail_runtime(path, ": an IDX file needs at least one dimension");

  IdxFile result;
  std::uint64_t total = 1;
  constexpr std::uint64_t most = std::uint64_t{1} << 40;
  for (int d = 0; d < head[3]; ++d) {
    std::uint8_t s[4];
    if (file.read(s, 4) != 4) fail_runtime(path, ": ends in its header");
    const std::uint64_t size = std::uint64_t{s[0]} << 24 | std::uint64_t{s[1]} << 16 |
                               std::uint64_t{s[2]} << 8 | std::uint64_t{s[3]};
    if (size != 0 && total > most / size)
      fail_runtime(path, ": its sizes multiply past all bounds");
    total *= size;
    if (d == 0) result.items = static_cast<Index>(size);
  }
  result.item_size = result.items == 0 ? 0 : static_cast<Index>(total) / result.items;

  constexpr std::size_t piece = 1u << 22;
  while (result.bytes.size() < total) {
    const std::size_t before = result.bytes.size();
    const std::size_t wanted =
        (std::min<std::size_t>)(piece, static_cast<std::size_t>(total) - before);
    result.bytes.resize(before + wanted);
    const std::size_t got = file.read(result.bytes.data() + before, wanted);
    if (got < wanted) {
      fail_runtime(path, ": ends after ", before + got, " bytes of data, expected ", total);
    }
  }
  std::uint8_t extra;
  if (file.read(&extra, 1) != 0) fail_runtime(path, ": bytes are left over behind its ", total);
  return result;
}

/// The items as columns, scaled from 0..255 to 0..1.
/// @throws std::invalid_argument if the file holds another number of bytes than its sizes say
template <class S>
Matrix<S> scaled_columns(const IdxFile& file) {
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
