// SPDX-License-Identifier: MIT
#include <backfold/io/checksum.hpp>
#include <backfold/io/tensor_file.hpp>
#include <backfold/io/tensor_writer.hpp>

#include "catch.hpp"
#include "flipped_bits.hpp"
#include "temporary_file.hpp"
#include "without_checksum.hpp"

namespace bf = backfold;
using Catch::Matchers::Contains;

namespace {

const std::string path = "backfold_checksum.safetensors";

std::string crc32(std::string_view first, std::string_view second = "") {
  bf::detail::Crc32 sum;
  sum.add(first);
  sum.add(second);
  return sum.text();
}

/// A file of three floats under awkward names.
std::string written() {
  const float numbers[] = {1, -2.5f, 3e-9f};
  bf::TensorWriter writer;
  writer.add("\"backfold.crc32\":\"", {3}, numbers);
  writer.set_metadata("author", "\"backfold.crc32\":\"12345678\"");
  const TemporaryFile file(path);
  writer.write(path);
  return content_of(path);
}

std::string refused(const std::string& content) {
  const TemporaryFile file(path, content);
  try {
    const bf::TensorFile tensors(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "read";
}

}  // namespace

TEST_CASE("checksums are those of the standard") {
  // Check value of the CRC catalogue (reveng.sourceforge.io, CRC-32/ISO-HDLC), others by zlib.
  CHECK(crc32("123456789") == "cbf43926");
  CHECK(crc32("") == "00000000");
  CHECK(crc32(std::string(32, '\0')) == "190a55ad");
  CHECK(crc32(std::string(32, '\xff')) == "ff6cab0b");
  CHECK(crc32("The quick brown fox jumps over the lazy dog") == "414fa339");
}

TEST_CASE("a checksum does not depend on the pieces that are added") {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    CHECK(crc32(text.substr(0, n), text.substr(n)) == "414fa339");
  }
}

TEST_CASE("a file without a checksum is read, and one with a wrong checksum is refused") {
  const std::string content = written();
  CHECK(refused(content) == "read");
  CHECK(refused(without_checksum(content)) == "read");
  std::string damaged = content;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  CHECK_THAT(refused(damaged), Contains(path + ": its checksum is \"") &&
                                   Contains("\": it is damaged, or another program"));
  CHECK(refused(without_checksum(damaged)) == "read");
}

TEST_CASE("the checksum is no part of the metadata that a program sees or sets") {
  const TemporaryFile file(path, written());
  const bf::TensorFile tensors(path);
  CHECK(tensors.metadata().size() == 1);
  bf::TensorWriter writer;
  CHECK_THROWS_WITH(writer.set_metadata("backfold.crc32", "00000000"),
                    "save: \"backfold.crc32\" is set by the writer");
}

TEST_CASE("a file with any flipped bit is refused, or reads as before") {
  int read = 0;
  for_each_flipped_bit(written(), [&](const std::string& flipped) {
    const TemporaryFile file(path, flipped);
    try {
      const bf::TensorFile tensors(path);
      REQUIRE(tensors.read<float>("\"backfold.crc32\":\"") == std::vector<float>{1, -2.5f, 3e-9f});
      REQUIRE(tensors.metadata().at("author") == "\"backfold.crc32\":\"12345678\"");
      ++read;
    } catch (const std::runtime_error& error) {
      CHECK_THAT(error.what(), Contains(path));
    }
  });
  CHECK(read > 0);  // a letter of the checksum's key
}
