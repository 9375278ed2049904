// SPDX-License-Identifier: MIT
#include "backfold/data/idx.hpp"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#if defined(__unix__)
#include <sys/stat.h>
#endif

#include "backfold/data/check_data.hpp"
#include "backfold/data/npy.hpp"
#include "backfold/data/one_hot.hpp"
#include "backfold/data/samples.hpp"
#include "catch.hpp"
#include "flipped_bits.hpp"

namespace bf = backfold;

namespace {

using Bytes = std::vector<unsigned char>;

/// A file of this content that is gone with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const Bytes& bytes, bool gzipped = false,
                         std::string name = "idx_test.tmp")
      : path(std::move(name)) {
    if (gzipped) {
      gzFile file = gzopen(path.c_str(), "wb");
      gzwrite(file, bytes.data(), unsigned(bytes.size()));
      gzclose(file);
    } else {
      std::FILE* file = std::fopen(path.c_str(), "wb");
      if (!bytes.empty()) std::fwrite(bytes.data(), 1, bytes.size(), file);
      std::fclose(file);
    }
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
  const std::string path;
};

const Bytes good = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255};

template <class Work>
std::string said_by(const Work& work) {
  try {
    work();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "read";
}

std::string said(const Bytes& bytes) {
  const TemporaryFile file(bytes);
  return said_by([&] { (void)bf::read_idx(file.path); });
}

/// The content of a gzipped file of these bytes.
Bytes gzipped(const Bytes& bytes) {
  const TemporaryFile file(bytes, true);
  std::ifstream stream(file.path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(stream), {});
}

Bytes with(Bytes bytes, std::size_t at, unsigned char value) {
  bytes[at] = value;
  return bytes;
}

}  // namespace

TEST_CASE("IDX files are read, gzipped or not, and scaled") {
  for (const bool gzipped : {false, true}) {
    const TemporaryFile file(good, gzipped);
    const bf::IdxFile idx = bf::read_idx(file.path);
    CHECK(idx.items == 2);
    CHECK(idx.item_size == 3);
    const auto columns = bf::scaled_columns<float>(idx);
    CHECK(columns.rows() == 3);
    CHECK(columns(2, 1) == 1);
    CHECK(columns(0, 0) == 1 / 255.f);
  }
}

TEST_CASE("damaged IDX files are refused by name and reason") {
  CHECK(said({}) == "idx_test.tmp: shorter than an IDX header");
  CHECK(said({0, 0, 8}) == "idx_test.tmp: shorter than an IDX header");
  CHECK(said(with(good, 0, 1)) == "idx_test.tmp: no IDX file: it starts with other bytes");
  CHECK(said(with(good, 2, 13)) == "idx_test.tmp: expected IDX type 8 (bytes), got 13");
  for (const unsigned char type : Bytes{0, 7, 9, 11, 12, 14, 255}) {
    CHECK(said(with(good, 2, type)) ==
          "idx_test.tmp: expected IDX type 8 (bytes), got " + std::to_string(int{type}));
  }
  CHECK(said(with(good, 3, 0)) == "idx_test.tmp: an IDX file needs at least one dimension");
  CHECK(said(with(good, 3, 255)) == "idx_test.tmp: ends in its header");
  CHECK(said({0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1}) ==
        "idx_test.tmp: its sizes multiply past all bounds");
  // What a small address space cannot count is refused before anything is read.
  const bool counts_far = sizeof(bf::Index) > 4;
  CHECK(said({0, 0, 8, 1, 255, 255, 255, 255, 1, 2}) ==
        (counts_far ? "idx_test.tmp: ends after 2 bytes of data, expected 4294967295"
                    : "idx_test.tmp: its sizes multiply past all bounds"));
  CHECK(said({0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0, 1, 2, 3}) ==
        (counts_far ? "idx_test.tmp: ends after 3 bytes of data, expected 4294967296"
                    : "idx_test.tmp: its sizes multiply past all bounds"));
  CHECK(said({0, 0, 8, 2, 128, 0, 0, 0, 0, 0, 0, 0}) ==
        (counts_far ? "read" : "idx_test.tmp: its sizes multiply past all bounds"));
  Bytes longer = good;
  longer.push_back(9);
  CHECK(said(longer) == "idx_test.tmp: bytes are left over after its 6");
  CHECK_THROWS_WITH(bf::read_idx("no/such/file"), "no/such/file: cannot be opened");
}

namespace {

/// A file of 255 dimensions of these sizes, and a byte of data.
Bytes of_255(const std::vector<std::uint32_t>& sizes) {
  Bytes bytes = {0, 0, 8, 255};
  for (std::size_t d = 0; d < 255; ++d) {
    const std::uint32_t size = d < sizes.size() ? sizes[d] : 1;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<unsigned char>(size >> shift & 255));
    }
  }
  bytes.push_back(9);
  return bytes;
}

}  // namespace

TEST_CASE("255 dimensions are read, unless their product overflows") {
  CHECK(said(of_255({})) == "read");
  const std::string beyond = "idx_test.tmp: its sizes multiply past all bounds";
  // Products of 2^64 + 1 - 2^33, of 2^64 and of 2^255, which 64 bits wrap to small numbers or 0.
  CHECK(said(of_255({4294967295u, 4294967295u})) == beyond);
  CHECK(said(of_255({65536, 65536, 65536, 65536})) == beyond);
  CHECK(said(of_255({1, 65536, 65536, 65536, 65536})) == beyond);
  CHECK(said(of_255(std::vector<std::uint32_t>(255, 2))) == beyond);
  CHECK(said(of_255({0})) == "idx_test.tmp: bytes are left over after its 0");
}

TEST_CASE("a gzip bomb is not unpacked beyond what its header says") {
  // Far more zeros than are announced, in a stream whose end is damaged: a reader that unpacked it
  // would say so.
  Bytes bomb = good;
  bomb.resize(std::size_t{1} << 25, 0);
  Bytes packed = gzipped(bomb);
  REQUIRE(packed.size() < bomb.size() / 500);
  for (std::size_t i = packed.size() / 2; i < packed.size(); ++i) packed[i] = 0xff;
  CHECK(said(packed) == "idx_test.tmp: bytes are left over after its 6");
  // A header that announces more than there is costs no memory: 2^40 bytes would not be had.
  Bytes hollow = {0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 0, 255};
  hollow.resize(1000, 0);
  CHECK(said(gzipped(hollow)) ==
        (sizeof(bf::Index) > 4
             ? "idx_test.tmp: ends after 988 bytes of data, expected 1095216660225"
             : "idx_test.tmp: its sizes multiply past all bounds"));
}

TEST_CASE("files of another kind are refused by the reader that gets them") {
  const Bytes packed = gzipped(good);
  CHECK(said(gzipped(packed)) == "idx_test.tmp: no IDX file: it starts with other bytes");
  const std::string text = "\x93NUMPY";
  CHECK(said(Bytes(text.begin(), text.end())) ==
        "idx_test.tmp: no IDX file: it starts with other bytes");
  const auto refused_by = [](const Bytes& bytes, const auto& reader) {
    const TemporaryFile file(bytes);
    return said_by([&] { reader(file.path); });
  };
  const auto npy = [](const std::string& path) { (void)bf::read_npy<float>(path); };
  CHECK(refused_by(packed, npy) == "idx_test.tmp: no .npy file: it starts with other bytes");
  CHECK(refused_by(good, npy) == "idx_test.tmp: no .npy file: it starts with other bytes");
}

TEST_CASE("images and labels that differ in number are refused with both numbers") {
  const TemporaryFile images(good),
      labels({0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 1}, false, "idx_labels.tmp");
  const auto X = bf::scaled_columns<float>(bf::read_idx(images.path));
  const auto Z = bf::one_hot<float>(bf::read_idx(labels.path).bytes, 2);
  const bf::Samples<float> samples(X, Z);
  CHECK_THROWS_WITH(bf::detail::check_data<float>(samples, 3, 2),
                    "data: expected 2 columns of targets for 2 columns of inputs, got 3");
  CHECK_THROWS_WITH(bf::one_hot<float>(bf::read_idx(labels.path).bytes, 1),
                    "one_hot: label 1 is 1, expected 0 to 0");
}

TEST_CASE("a file without items says how large they are") {
  const TemporaryFile no_items({0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28});
  CHECK(bf::read_idx(no_items.path).items == 0);
  CHECK(bf::read_idx(no_items.path).item_size == 784);
  CHECK(bf::scaled_columns<float>(bf::read_idx(no_items.path)).rows() == 784);
}

TEST_CASE("items may have no bytes") {
  const TemporaryFile no_bytes({0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 28, 0, 0, 0, 0});
  CHECK(bf::read_idx(no_bytes.path).items == 5);
  CHECK(bf::read_idx(no_bytes.path).item_size == 0);
}

TEST_CASE("gzipped IDX files that are cut off or altered are refused") {
  const Bytes whole = gzipped(good);
  const std::string cut_off = "idx_test.tmp: its gzipped data are cut off";
  for (std::size_t cut = 1; cut <= 8; ++cut) {  // the trailer: checksum and length
    CAPTURE(cut);
    CHECK(said(Bytes(whole.begin(), whole.end() - std::ptrdiff_t(cut))) == cut_off);
  }
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CHECK(said(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(n))) != "read");
  }
  const auto altered = [&](std::size_t from_end) {
    const std::size_t at = whole.size() - from_end;
    return with(whole, at, static_cast<unsigned char>(whole[at] ^ 1u));
  };
  CHECK(said(altered(8)) == "idx_test.tmp: wrong checksum");
  CHECK(said(altered(4)) == "idx_test.tmp: wrong length in its gzip trailer");

  // Larger than zlib's buffers, so that the error is met while data come.
  Bytes large = {0, 0, 8, 2, 0, 0, 1, 0, 0, 0, 4, 0};
  for (unsigned i = 0; i < 256 * 1024; ++i) {
    large.push_back(static_cast<unsigned char>(i * 2654435761u >> 13));
  }
  const Bytes packed = gzipped(large);
  CHECK(said(packed) == "read");
  CHECK(said(Bytes(packed.begin(), packed.end() - 4)) == cut_off);
  CHECK(said(Bytes(packed.begin(), packed.begin() + std::ptrdiff_t(packed.size() / 2))) == cut_off);
}

TEST_CASE("gzipped parts of a file are read as one") {
  Bytes parts = gzipped(Bytes(good.begin(), good.begin() + 9));
  const Bytes rest = gzipped(Bytes(good.begin() + 9, good.end()));
  parts.insert(parts.end(), rest.begin(), rest.end());
  CHECK(said(parts) == "read");
  Bytes cut = parts;
  cut.pop_back();
  CHECK(said(cut) == "idx_test.tmp: its gzipped data are cut off");
  parts.push_back(7);
  parts.push_back(7);
  CHECK(said(parts) == "idx_test.tmp: bytes are left over after its gzipped data");
}

TEST_CASE("what is no regular file is refused by name") {
  const std::string here = std::filesystem::current_path().string();
  CHECK_THROWS_WITH(bf::read_idx(here), here + ": is a directory");
#if defined(__unix__)
  const std::string pipe = "idx_test.pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(bf::read_idx(pipe), pipe + ": is no regular file");
  std::filesystem::remove(pipe);
#endif
}

TEST_CASE("every prefix and every flipped bit of an IDX file is an error or an object") {
  for (std::size_t n = 0; n < good.size(); ++n) {
    CHECK(said(Bytes(good.begin(), good.begin() + std::ptrdiff_t(n))) != "read");
  }
  for_each_flipped_bit(good, [](const Bytes& flipped) { (void)said(flipped); });
}

TEST_CASE("every flipped bit of a gzipped IDX file is an error or the file") {
  const bf::IdxFile expected = [] {
    const TemporaryFile file(good);
    return bf::read_idx(file.path);
  }();
  int read = 0;
  for_each_flipped_bit(gzipped(good), [&](const Bytes& flipped) {
    const TemporaryFile file(flipped);
    try {
      const bf::IdxFile idx = bf::read_idx(file.path);
      REQUIRE(idx.bytes == expected.bytes);
      ++read;
    } catch (const std::runtime_error& error) {
      REQUIRE(std::string(error.what()).starts_with(file.path + ": "));
    }
  });
  CHECK(read > 0);  // the time and the system in gzip's header, padding after the data
  CHECK(read < 8 * 8);
}
