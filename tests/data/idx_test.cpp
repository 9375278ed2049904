// SPDX-License-Identifier: MIT
#include "backfold/data/idx.hpp"

#include <cstdio>
#include <string>
#include <vector>

#include "catch.hpp"

namespace bf = backfold;

namespace {

using Bytes = std::vector<unsigned char>;

/// A file of this content that is gone with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const Bytes& bytes, bool gzipped = false) {
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
  const std::string path = "idx_test.tmp";
};

const Bytes good = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255};

std::string said(const Bytes& bytes) {
  const TemporaryFile file(bytes);
  try {
    bf::read_idx(file.path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "read";
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
  CHECK(said(with(good, 3, 0)) == "idx_test.tmp: an IDX file needs at least one dimension");
  CHECK(said(with(good, 3, 255)) == "idx_test.tmp: ends in its header");
  CHECK(said({0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1}) ==
        "idx_test.tmp: its sizes multiply past all bounds");
  CHECK(said({0, 0, 8, 1, 255, 255, 255, 255, 1, 2}) ==
        "idx_test.tmp: ends after 2 bytes of data, expected 4294967295");
  Bytes longer = good;
  longer.push_back(9);
  CHECK(said(longer) == "idx_test.tmp: bytes are left over behind its 6");
  CHECK_THROWS_WITH(bf::read_idx("no/such/file"), "no/such/file: cannot be opened");
}

TEST_CASE("every prefix and every flipped bit of an IDX file is an error or an object") {
  for (std::size_t n = 0; n < good.size(); ++n) {
    CHECK(said(Bytes(good.begin(), good.begin() + std::ptrdiff_t(n))) != "read");
  }
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes flipped = good;
    flipped[bit / 8] = static_cast<unsigned char>(flipped[bit / 8] ^ (1u << bit % 8));
    (void)said(flipped);
  }
}
