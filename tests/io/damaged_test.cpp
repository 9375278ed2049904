// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/safetensors.hpp>

#include "catch.hpp"
#include "flipped_bits.hpp"
#include "temporary_file.hpp"
#include "without_checksum.hpp"

namespace bf = backfold;
using Catch::Matchers::Contains;

namespace {

/// A safetensors file of a header and its data.
std::string file_of(const std::string& header, const std::string& data) {
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> (8 * i));
  return length + header + data;
}

std::string refused(const std::string& content) {
  const TemporaryFile file("backfold_damaged.safetensors", content);
  try {
    const bf::TensorFile tensors(file.path);
    for (const bf::TensorInfo& t : tensors.tensors()) (void)tensors.read<double>(t.name);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string refused(const std::string& entry, std::size_t bytes) {
  return refused(file_of("{" + entry + "}", std::string(bytes, '\0')));
}

}  // namespace

TEST_CASE("files that are no safetensors files are refused with the reason") {
  REQUIRE_THAT(refused(""), Contains("it has 0 bytes"));
  REQUIRE_THAT(refused("1234567"), Contains("it has 7 bytes"));
  REQUIRE_THAT(refused(std::string(8, '\xff')), Contains("a longer header than the 0 bytes"));
  REQUIRE_THAT(refused(std::string(7, '\0') + "\x7f{}"), Contains("a longer header"));
  REQUIRE_THAT(refused(file_of("{\"a\":", "")), Contains("its header is no JSON"));
  REQUIRE_THAT(refused(file_of("[]", "")), Contains("its header is no JSON object"));
  REQUIRE_THAT(refused(file_of("{}", "12")), Contains("has 2 bytes of data, its arrays take 0"));
  REQUIRE_THAT(refused(file_of(std::string(1000000, '['), "")), Contains("nested deeper than"));
  std::string nested = "{\"__metadata__\":";
  for (int i = 0; i < 100; ++i) nested += "{\"a\":";
  REQUIRE_THAT(refused(file_of(nested, "")), Contains("nested deeper than 16 levels"));
  REQUIRE_THAT(refused("\"__metadata__\":{\"a\":1}", 0), Contains("expected a text, got 1"));
  REQUIRE(refused("\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", 8) ==
          "nothing was thrown");
  REQUIRE(refused("\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}", 8) ==
          "nothing was thrown");
}

TEST_CASE("an array that does not fit the data is refused with the reason") {
  const auto with = [](const std::string& type, const std::string& shape,
                       const std::string& offsets) {
    return refused(
        "\"a\":{\"dtype\":" + type + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}",
        8);
  };
  REQUIRE_THAT(with("\"F33\"", "[2]", "[0,8]"), Contains("unknown type F33"));
  REQUIRE_THAT(with("\"I64\"", "[1]", "[0,8]"), Contains("holds I64, expected F32 or F64"));
  REQUIRE_THAT(with("4", "[2]", "[0,8]"), Contains("expected a text, got 4"));
  REQUIRE_THAT(with("\"F32\"", "2", "[0,8]"), Contains("has the shape 2"));
  REQUIRE_THAT(with("\"F32\"", "[-2]", "[0,8]"), Contains("expected a whole number"));
  REQUIRE_THAT(with("\"F32\"", "[2.0]", "[0,8]"), Contains("expected a whole number"));
  REQUIRE_THAT(with("\"F32\"", "[1e999]", "[0,8]"), Contains("is no JSON"));
  REQUIRE_THAT(with("\"F32\"", "[NaN]", "[0,8]"), Contains("is no JSON"));
  REQUIRE_THAT(with("\"F32\"", "[99999999999999999999]", "[0,8]"), Contains("a whole number"));
  REQUIRE_THAT(with("\"F32\"", "[4294967296,4294967296]", "[0,8]"),
               Contains("more numbers than can be counted"));
  REQUIRE_THAT(with("\"F32\"", "[2]", "[0]"), Contains("has the offsets [0]"));
  REQUIRE_THAT(with("\"F32\"", "[2]", "[8,0]"), Contains("claims the bytes 8 to 0 of 8"));
  REQUIRE_THAT(with("\"F32\"", "[4]", "[0,16]"), Contains("claims the bytes 0 to 16 of 8"));
  REQUIRE_THAT(with("\"F32\"", "[1]", "[0,8]"), Contains("its 1 numbers take 4"));
  REQUIRE_THAT(with("\"F32\"", "[1]", "[4,8]"), Contains("the array before it ends at 0"));
  REQUIRE_THAT(with("\"F32\"", "[1]", "[0,4]"), Contains("8 bytes of data, its arrays take 4"));
  REQUIRE_THAT(refused("\"a\":{\"dtype\":\"F32\"}", 8), Contains("\"a\" has no \"shape\""));
  REQUIRE_THAT(refused("\"a\":[]", 8), Contains("\"a\" has no"));
}

TEST_CASE("arrays that overlap or have one name are refused") {
  const std::string a = "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
  const std::string b = "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}";
  REQUIRE_THAT(refused(a + "," + b, 8), Contains("\"b\" begins at byte 4"));
  REQUIRE_THAT(refused(a + "," + a, 8), Contains("its header has \"a\" twice"));
}

namespace {

/// Tries to load each prefix of a model's file, and the file with each bit flipped. Counts the
/// flipped files that are loaded; `check` sees what they gave.
template <class Net, class Check>
int loaded_damages(const std::string& content, const Net& net, const Check& check) {
  const TemporaryFile file("backfold_mutation.safetensors");
  int loaded = 0;
  const auto try_load = [&](const std::string& bytes) {
    std::ofstream(file.path, std::ios::binary) << bytes;
    Net other = net;
    other.parameters().setConstant(7);
    const Net before = other;
    try {
      const bf::ModelInfo info = bf::load(file.path, other);
      check(other, info);
      ++loaded;
    } catch (const std::runtime_error& error) {
      REQUIRE_THAT(error.what(), Contains(file.path));
      REQUIRE(other.parameters() == before.parameters());
    }
  };
  for (std::size_t n = 0; n < content.size(); ++n) try_load(content.substr(0, n));
  REQUIRE(loaded == 0);
  for_each_flipped_bit(content, try_load);
  return loaded;
}

using Small = bf::Mlp<float, bf::Input<1>, bf::Dense<1, bf::Tanh>>;

/// The bytes of a small model.
std::string saved(const Small& net) {
  const TemporaryFile file("backfold_whole.safetensors");
  bf::save(file.path, net, {.inputs = {"x"}, .classes = {"a"}});
  return content_of(file.path);
}

Small small_network() {
  Small net;
  net.parameters() << 0.5f, -0.25f;
  return net;
}

}  // namespace

TEST_CASE("every prefix of a model is refused, each flipped bit gives an error or what was saved") {
  const Small net = small_network();
  const int loaded = loaded_damages(saved(net), net, [&](auto& other, const bf::ModelInfo& info) {
    REQUIRE(other.parameters() == net.parameters());
    REQUIRE(info.inputs == std::vector<std::string>{"x"});
    REQUIRE(info.outputs.empty());
    REQUIRE(info.classes == std::vector<std::string>{"a"});
    REQUIRE(info.version == "0.1.0");
  });
  REQUIRE(loaded > 0);  // a letter of the checksum's key
  REQUIRE(loaded < 8 * 16);
}

TEST_CASE("without a checksum, each flipped bit of a model gives an error or a valid model") {
  const Small net = small_network();
  const std::string content = without_checksum(saved(net));
  const int loaded = loaded_damages(content, net, [](auto& other, const bf::ModelInfo&) {
    REQUIRE(other.parameters().allFinite());
  });
  REQUIRE(loaded > 0);  // a last digit of a number, a letter of a name
  REQUIRE(loaded < static_cast<int>(4 * content.size()));
}
