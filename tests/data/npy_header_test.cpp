// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <string>

#include "backfold/data/npy.hpp"
#include "catch.hpp"
#include "temporary_file.hpp"

using namespace backfold;

namespace {

/// The message with which a file is refused, after its name.
std::string said(const std::string& content) {
  const TemporaryFile file("npy_header_test.tmp", content);
  try {
    (void)read_npy<double>(file.path);
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    REQUIRE(what.substr(0, file.path.size() + 2) == file.path + ": ");
    return what.substr(file.path.size() + 2);
  }
  return "read";
}

/// A file of this header and these bytes of data, of version 1 or 3.
std::string npy(const std::string& header, std::size_t bytes, char version = 1) {
  std::string text = "\x93NUMPY";
  text += version;
  text += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    text += static_cast<char>(header.size() >> 8 * i & 255);
  }
  return text + header + std::string(bytes, '\1');
}

}  // namespace

TEST_CASE("shapes whose bytes wrap around to those of the file are refused") {
  const auto with = [](const std::string& shape, std::size_t bytes) {
    return said(npy("{'descr': '<f8', 'fortran_order': True, 'shape': " + shape + "}", bytes));
  };
  const std::string beyond = "its shape has more numbers than can be counted";
  CHECK(with("(2305843009213693952,)", 0) == beyond);     // 2^61 doubles: 2^64 bytes
  CHECK(with("(2305843009213693953,)", 8) == beyond);     // 2^64 + 8
  CHECK(with("(1152921504606846976,)", 0) == beyond);     // 2^63
  CHECK(with("(4294967296, 4294967296)", 0) == beyond);   // 2^64 numbers
  CHECK(with("(3, 6148914691236517206)", 16) == beyond);  // 2^64 + 2
  CHECK(with("(18446744073709551618,)", 16) == beyond);   // 2^64 + 2, in one size
  CHECK(with("(0, 18446744073709551616)", 0) == beyond);
  CHECK(with("(0, 0)", 0) == "read");
}

TEST_CASE("a header of text that is no ASCII, or of very many sizes, is refused") {
  CHECK(said(npy("{'descr': '<f8', '\xff\xfe': 1}", 0, 3)) ==
        "its header has the unknown key '?\?'");
  CHECK(said(npy(
            "{'descr': '<f8', 'fortran_order': True, 'shape': (" +
                [] {
                  std::string ones;
                  for (int i = 0; i < 20000; ++i) ones += "1,";
                  return ones;
                }() +
                ")}",
            8)) == "has more than two dimensions");
  CHECK(said(npy(std::string("{'descr': '<f8', 'fortran_order': True, 'shape': (1,)}\0", 55), 8)) ==
        "its header is damaged at character 54: expected the end");
  CHECK(said(npy(std::string(65535, ' '), 8)) ==
        "its header is damaged at character 65535: expected {");
}
