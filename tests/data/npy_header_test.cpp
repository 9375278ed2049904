// SPDX-License-Identifier: MIT
#include <string>

#include "backfold/data/npy.hpp"
#include "catch.hpp"
#include "data/npy_text.hpp"

using namespace backfold;

TEST_CASE("shapes whose bytes wrap around to those of the file are refused") {
  const auto with = [](const std::string& shape, std::size_t bytes) {
    return said_of(npy("{'descr': '<f8', 'fortran_order': True, 'shape': " + shape + "}", bytes));
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
  CHECK(said_of(npy("{'descr': '<f8', '\xff\xfe': 1}", 0, 3)) ==
        "its header has the unknown key '?\?'");
  CHECK(said_of(npy(
            "{'descr': '<f8', 'fortran_order': True, 'shape': (" +
                [] {
                  std::string ones;
                  for (int i = 0; i < 20000; ++i) ones += "1,";
                  return ones;
                }() +
                ")}",
            8)) == "has more than two dimensions");
  CHECK(said_of(npy(std::string("{'descr': '<f8', 'fortran_order': True, 'shape': (1,)}\0", 55),
                    8)) == "its header is damaged at character 54: expected the end");
  CHECK(said_of(npy(std::string(65535, ' '), 8)) ==
        "its header is damaged at character 65535: expected {");
}
