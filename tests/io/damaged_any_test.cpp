// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/load_any.hpp>
#include <backfold/io/safetensors.hpp>

#include "catch.hpp"
#include "flipped_bits.hpp"
#include "softsign.hpp"
#include "temporary_file.hpp"
#include "without_checksum.hpp"

namespace bf = backfold;
using Catch::Matchers::Contains;

namespace {

const std::string path = "backfold_any_damaged.safetensors";

std::string refused() {
  try {
    (void)bf::load_any<double>(path);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

using Elman =
    bf::Rnn<double, bf::Input<1>, bf::Dense<2, bf::Tanh, bf::SelfRecurrent<1>>, bf::Gru<1>>;

/// The message for a file whose description has been edited.
template <class Net = Elman>
std::string refused(const std::string& from, const std::string& to) {
  Net net;
  bf::Random random(1);
  net.initialize(bf::Uniform{-1, 1}, random);
  const TemporaryFile file(path);
  bf::save(path, net);
  const bf::TensorFile read(path);
  bf::TensorWriter writer;
  for (const bf::TensorInfo& t : read.tensors()) {
    writer.add(t.name, t.shape, read.read<double>(t.name).data());
  }
  std::string model = read.metadata().at("backfold");
  const std::size_t at = model.find(from);
  REQUIRE(at != std::string::npos);
  writer.set_metadata("backfold", model.replace(at, from.size(), to));
  writer.write(path);
  return refused();
}

}  // namespace

TEST_CASE("load_any refuses layers and activations that are not the library's") {
  const TemporaryFile file(path);
  bf::save(path, bf::Mlp<double, bf::Input<1>, bf::Dense<1, Softsign>>());
  REQUIRE_THAT(refused(), Contains("layer 1 is \"Dense\" \"unnamed\", which can be loaded only"));
}

TEST_CASE("load_any refuses descriptions that describe no network") {
  REQUIRE(refused("Tanh", "Tanh") == "nothing was thrown");
  REQUIRE_THAT(refused("\"Gru\"", "\"Grue\""), Contains("layer 2 is \"Grue\""));
  REQUIRE_THAT(refused("\"Input\"", "\"Dense\""), Contains("expected an Input as first layer"));
  REQUIRE_THAT(refused("\"slope\":1.0", "\"slope\":-1.0"), Contains("Tanh: slope must be"));
  REQUIRE_THAT(refused("\"slope\":1.0", "\"slope\":\"a\""), Contains("expected the setting slope"));
  REQUIRE_THAT(refused("\"slope\":1.0", "\"slope\":1.0,\"b\":2"), Contains("other settings"));
  REQUIRE_THAT(refused("\"units\":2", "\"units\":0"), Contains("layer 1 has no units"));
  REQUIRE_THAT(refused("\"units\":2", "\"units\":3"),
               Contains("\"layer1.weight\" has the shape [2, 1], the network needs [3, 1]"));
  REQUIRE_THAT(refused("\"units\":2", "\"units\":2e99"), Contains("expected a whole number"));
  REQUIRE_THAT(refused("\"units\":2", "\"units\":9223372036854775807"),
               Contains("expected a whole number"));
  REQUIRE_THAT(refused("\"format\":1", "\"format\":2"), Contains("has the format 2"));
  REQUIRE_THAT(refused("\"bias_columns\":2", "\"bias_columns\":1"), Contains("is 1, expected 2"));
  REQUIRE_THAT(refused("{\"delay\":0,\"from\":0", "{\"delay\":0,\"from\":9"),
               Contains("layer 1 cannot have a connection from layer 9 over 0 steps"));
  REQUIRE_THAT(refused("{\"delay\":0,\"from\":0", "{\"delay\":0,\"from\":1"),
               Contains("layer 1 cannot have a connection from layer 1 over 0 steps"));
  REQUIRE_THAT(refused("{\"delay\":0,\"from\":0", "{\"delay\":1,\"from\":0"),
               Contains("layer 1 lacks the connection from layer 0 over 0 steps"));
  using Starts =
      bf::Rnn<double, bf::Input<1>, bf::Lstm<2, bf::LearntStart>, bf::Dense<1, bf::Tanh>>;
  REQUIRE_THAT(refused<Starts>("\"start_columns\":2", "\"start_columns\":3"),
               Contains("layer 1: start_columns is 3, expected 2"));
  REQUIRE_THAT(refused<Starts>("\"start_columns\":2", "\"start_columns\":\"2\""),
               Contains("layer 1: start_columns is \"2\", expected 2"));
  REQUIRE_THAT(refused<Starts>("\"bias_columns\":1", "\"bias_columns\":1,\"start_columns\":1"),
               Contains("layer 2: start_columns is 1, expected none"));
  REQUIRE_THAT(refused("\"weights\":\"full\"", "\"weights\":\"identity\""),
               Contains("a connection (identity) from a layer of 1 units, expected 2"));
  REQUIRE_THAT(refused("\"weights\":\"full\"", "\"weights\":\"fool\""),
               Contains("unknown weights"));
}

TEST_CASE("load_any refuses layers that are larger than the file says") {
  const std::string units = "\"units\":1099511627776";
  REQUIRE_THAT(refused("\"units\":1}", units + "}"),
               Contains("layer 0 has 1099511627776 units, and the file only "));
  const std::string hollow = units +
                             ",\"activation\":\"Tanh\",\"settings\":{\"slope\":1.0},"
                             "\"type\":\"Dense\",\"connections\":[]},";
  REQUIRE_THAT(refused("{\"activation\":\"Tanh\"", "{" + hollow + "{\"activation\":\"Tanh\""),
               Contains("layer 1 has 1099511627776 units, and the file only "));
}

TEST_CASE(
    "every prefix and every flipped bit without a checksum give load_any an error or a network") {
  bf::Mlp<float, bf::Input<1>, bf::Dense<1, bf::Tanh, bf::NoBias>> net;
  net.parameters() << 0.5f;
  const TemporaryFile file(path);
  bf::save(path, net);
  const std::string content = without_checksum(content_of(path));
  int loaded = 0, count = 0;
  const auto try_load = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    loaded += refused() == "nothing was thrown" ? 1 : 0;
    ++count;
  };
  for (std::size_t n = 0; n < content.size(); ++n) try_load(content.substr(0, n));
  REQUIRE(loaded == 0);
  for_each_flipped_bit(content, try_load);
  REQUIRE(loaded > 0);
  REQUIRE(2 * loaded < count);
}
