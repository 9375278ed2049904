// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/safetensors.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

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
  REQUIRE_THAT(refused(file_of("{\"a\":", "")), Contains("its header is no JSON"));
  REQUIRE_THAT(refused(file_of("[]", "")), Contains("does not begin with a brace"));
  REQUIRE_THAT(refused(file_of("{}", "12")), Contains("has 2 bytes of data, its arrays take 0"));
  REQUIRE_THAT(refused(file_of("{\"a\":" + std::string(1000000, '['), "")),
               Contains("nested deeper than"));
  std::string nested = "{\"__metadata__\":";
  for (int i = 0; i < 100; ++i) nested += "{\"a\":";
  REQUIRE_THAT(refused(file_of(nested, "")), Contains("nested deeper than 16 levels"));
  REQUIRE_THAT(refused("\"__metadata__\":{\"a\":1}", 0), Contains("expected a text, got 1"));
  REQUIRE(refused("\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", 8) ==
          "nothing was thrown");
  REQUIRE(refused("\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}", 8) ==
          "nothing was thrown");
}

TEST_CASE("a header whose length cannot be is refused by its length") {
  REQUIRE_THAT(refused(std::string(8, '\0')), Contains("does not begin with a brace"));
  REQUIRE_THAT(refused(std::string(8, '\0') + "{}"), Contains("does not begin with a brace"));
  const auto claims = [](std::uint64_t length) {
    std::string content(8, '\0');
    for (int i = 0; i < 8; ++i) content[std::size_t(i)] = static_cast<char>(length >> (8 * i));
    return refused(content + "{}");
  };
  REQUIRE(claims(2) == "nothing was thrown");
  REQUIRE_THAT(claims(3), Contains("a longer header than the 2 bytes that follow"));
  REQUIRE_THAT(claims(100'000'000), Contains("a longer header than the 2 bytes"));
  REQUIRE_THAT(claims(100'000'001),
               Contains("a header of 100000001 bytes, expected at most 100000000"));
  REQUIRE_THAT(claims(~std::uint64_t{0}), Contains("a header of 18446744073709551615 bytes"));
}

TEST_CASE("a header that is not exactly JSON in UTF-8 is refused") {
  const auto header = [](const std::string& text) { return refused(file_of(text, "")); };
  REQUIRE(header("{}") == "nothing was thrown");
  REQUIRE(header("{\"__metadata__\":{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}}") == "nothing was thrown");
  for (const char* bytes : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80",
                            "\\ud800", "\\udc00", "\x01", "\\x41"}) {
    CAPTURE(bytes);
    const std::string text = bytes;
    REQUIRE_THAT(header("{\"__metadata__\":{\"a\":\"" + text + "\"}}"), Contains("is no JSON"));
    REQUIRE_THAT(header("{\"__metadata__\":{\"" + text + "\":\"a\"}}"), Contains("is no JSON"));
  }
  for (const char* before : {" ", "\n", "\t", "\xef\xbb\xbf", "\xfe\xff"}) {
    REQUIRE_THAT(header(before + std::string("{}")), Contains("does not begin with a brace"));
  }
  REQUIRE(header("{}   ") == "nothing was thrown");
  REQUIRE_THAT(header(std::string("{}\0 ", 4)), Contains("is no JSON"));
  REQUIRE_THAT(header(std::string("{\"__metadata__\":{}}\0{", 21)), Contains("is no JSON"));
  for (const char* text :
       {"{", "{}x", "{}{}", "{},", "{/**/}", "{'a':1}", "{\"a\"}", "{\"__metadata__\":{},}"}) {
    CAPTURE(text);
    REQUIRE_THAT(header(text), Contains("is no JSON"));
  }
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

TEST_CASE("numbers of a header that are no plain counts are refused") {
  const auto with = [](const std::string& shape, const std::string& begin, const std::string& end) {
    return refused("\"a\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[" + begin +
                       "," + end + "]}",
                   4000);
  };
  REQUIRE(with("1000", "0", "4000") == "nothing was thrown");
  for (const char* number : {"1e3", "1000.0", "1E+3", "-1000", "-0", "18446744073709551616",
                             "9223372036854775808", "\"1000\"", "true", "null", "[1000]", "{}"}) {
    CAPTURE(number);
    REQUIRE_THAT(with(number, "0", "4000"), Contains("\"a\": expected a whole number from 0 to"));
    REQUIRE_THAT(with("1000", number, "4000"), Contains("expected a whole number from 0 to"));
    REQUIRE_THAT(with("1000", "0", number), Contains("expected a whole number from 0 to"));
  }
  for (const char* number : {"01000", "+1000", "0x3e8", "1_000", ".1e4", "1000.", "1e"}) {
    CAPTURE(number);
    REQUIRE_THAT(with(number, "0", "4000"), Contains("is no JSON"));
  }
}

namespace {

/// The message for an array of floats of this shape in some bytes.
std::string refused_shape(const std::vector<std::uint64_t>& shape, std::size_t bytes) {
  std::string text;
  for (const std::uint64_t n : shape) text += (text.empty() ? "" : ",") + std::to_string(n);
  return refused("\"a\":{\"dtype\":\"F32\",\"shape\":[" + text + "],\"data_offsets\":[0," +
                     std::to_string(bytes) + "]}",
                 bytes);
}

}  // namespace

TEST_CASE("a product of sizes that overflows is refused, whatever it wraps to") {
  constexpr std::uint64_t half = std::uint64_t{1} << 32;
  const std::string overflow = "more numbers than can be counted";
  // Products of 2^64, 2^64 + 2^32, 2^62 floats (2^64 bytes) and 2^61 (2^63 bytes).
  REQUIRE_THAT(refused_shape({half, half}, 0), Contains(overflow));
  REQUIRE_THAT(refused_shape({half, half + 1}, 8), Contains(overflow));
  REQUIRE_THAT(refused_shape({half, half / 4}, 0), Contains(overflow));
  REQUIRE_THAT(refused_shape({half, half / 8}, 0), Contains(overflow));
  REQUIRE_THAT(refused_shape({half * (half / 4)}, 0), Contains(overflow));
  REQUIRE_THAT(refused_shape({half, half, 0}, 0), Contains(overflow));
  REQUIRE_THAT(refused_shape(std::vector<std::uint64_t>(1000, 2), 0), Contains(overflow));
  REQUIRE(refused_shape({0, half, half}, 0) == "nothing was thrown");
  REQUIRE_THAT(refused_shape({1u << 30, 1u << 20}, 8), Contains("claims the bytes 0 to 8 of 8"));
}

TEST_CASE("arrays of a thousand dimensions and of no numbers are read") {
  std::vector<std::uint64_t> shape(1000, 1);
  shape[500] = 3;
  REQUIRE(refused_shape(shape, 12) == "nothing was thrown");
  REQUIRE_THAT(refused_shape(shape, 8), Contains("its 3 numbers take 12"));
  REQUIRE(refused_shape({0}, 0) == "nothing was thrown");
  REQUIRE(refused_shape({5, 0, 7}, 0) == "nothing was thrown");
  const auto entry = [](const std::string& name, int n, int begin, int end) {
    return "\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[" + std::to_string(n) +
           "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  };
  const std::string full = entry("b", 2, 0, 8);
  REQUIRE(refused(entry("c", 0, 0, 0) + "," + full + "," + entry("a", 0, 8, 8), 8) ==
          "nothing was thrown");
  REQUIRE_THAT(refused(full + "," + entry("a", 0, 4, 4), 8), Contains("\"a\" begins at byte 4"));
  REQUIRE_THAT(refused(full + "," + entry("a", 0, 9, 9), 8), Contains("claims the bytes 9 to 9"));
}

TEST_CASE("control characters of a name do not reach a message") {
  REQUIRE_THAT(refused("\"a\\u001b[31m\\u007f\":{\"dtype\":\"F33\",\"shape\":[],"
                       "\"data_offsets\":[0,4]}",
                       4),
               Contains("\"a?[31m?\" has the unknown type F33"));
  REQUIRE_THAT(refused("\"\\n\":1,\"\\n\":1", 0), Contains("its header has \"?\" twice"));
}

TEST_CASE("an array may begin at any byte") {
  const float numbers[] = {1.5f, -2};
  std::string data = "\1";
  data.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
  const TemporaryFile file(
      "backfold_damaged.safetensors",
      file_of("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
              "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]}}",
              data));
  const bf::TensorFile tensors(file.path);
  REQUIRE(tensors.read<float>("b") == std::vector<float>{1.5f, -2});
}

TEST_CASE("arrays may hold numbers that are not finite") {
  const float inf = std::numeric_limits<float>::infinity();
  const float numbers[] = {inf, -inf, std::numeric_limits<float>::quiet_NaN(), -0.0f, 1e-45f};
  const TemporaryFile file("backfold_damaged.safetensors");
  bf::TensorWriter writer;
  writer.add("a", {5}, numbers);
  writer.write(file.path);
  const bf::TensorFile tensors(file.path);
  const std::vector<float> read = tensors.read<float>("a");
  REQUIRE(std::memcmp(read.data(), numbers, sizeof numbers) == 0);
  const std::vector<double> wide = tensors.read<double>("a");
  REQUIRE((wide[0] == double{inf} && wide[1] == -double{inf} && std::isnan(wide[2])));
  REQUIRE((std::signbit(wide[3]) && wide[4] == double{numbers[4]}));
}

TEST_CASE("very many arrays are read in a time proportional to their number") {
  constexpr int count = 100'000;
  std::string header = "{";
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    header += (i == 0 ? "\"" : ",\"") + n + "\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[" +
              n + "," + std::to_string(i + 1) + "]}";
  }
  const TemporaryFile file("backfold_damaged.safetensors",
                           file_of(header + "}", std::string(count, '\1')));
  // A time quadratic in the number would be minutes.
  const bf::TensorFile tensors(file.path);
  REQUIRE(tensors.tensors().size() == count);
  bool in_order = true;
  for (int i = 0; i < count; ++i) {
    const bf::TensorInfo* const found = tensors.find(std::to_string(i));
    in_order = in_order && found != nullptr && found->begin == i;
  }
  REQUIRE(in_order);
  REQUIRE(tensors.find(std::to_string(count)) == nullptr);
}

TEST_CASE("arrays that overlap or have one name are refused") {
  const std::string a = "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
  const std::string b = "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}";
  REQUIRE_THAT(refused(a + "," + b, 8), Contains("\"b\" begins at byte 4"));
  REQUIRE_THAT(refused(a + "," + a, 8), Contains("its header has \"a\" twice"));
  const std::string escaped = "\"\\u0061\":" + a.substr(4);
  REQUIRE(refused(escaped, 8) == "nothing was thrown");
  REQUIRE_THAT(refused(a + "," + escaped, 8), Contains("its header has \"a\" twice"));
  REQUIRE_THAT(refused("\"__metadata__\":{\"k\":\"1\",\"\\u006b\":\"2\"}", 0),
               Contains("its header has \"k\" twice"));
  REQUIRE_THAT(refused("\"__metadata__\":{},\"__metadat\\u0061__\":{}", 0),
               Contains("its header has \"__metadata__\" twice"));
  REQUIRE_THAT(refused("\"a\":{\"dtype\":\"F32\",\"dtyp\\u0065\":\"F32\"}", 0),
               Contains("its header has \"dtype\" twice"));
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
