// SPDX-License-Identifier: MIT
// The mutator of the fuzzers whose inputs are safetensors files.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "fuzz.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

namespace {

void collect_values(nlohmann::json& json, std::vector<nlohmann::json*>& all) {
  all.push_back(&json);
  if (!json.is_structured()) return;
  for (auto& value : json) collect_values(value, all);
}

/// Replaces a value somewhere in it, or repeats or removes an element of a list.
void mutate_json(nlohmann::json& json, std::minstd_rand& random) {
  static const std::vector<nlohmann::json> values = {0,
                                                     1,
                                                     2,
                                                     3,
                                                     7,
                                                     -1,
                                                     10000,
                                                     std::int64_t{1} << 31,
                                                     std::int64_t{1} << 40,
                                                     -0.5,
                                                     1e300,
                                                     1e-300,
                                                     true,
                                                     nullptr,
                                                     "",
                                                     "full",
                                                     "diagonal",
                                                     "identity",
                                                     "lookup",
                                                     "Dense",
                                                     "Gru",
                                                     "Lstm",
                                                     "MinGru",
                                                     "LayerNorm",
                                                     "Dropout",
                                                     "Input",
                                                     "Tanh",
                                                     "Softmax",
                                                     nlohmann::json::array(),
                                                     nlohmann::json::object()};
  std::vector<nlohmann::json*> all;
  collect_values(json, all);
  nlohmann::json& value = *all[random() % all.size()];
  const std::size_t kind = random() % 4;
  if (value.is_array() && !value.empty() && kind < 2) {
    const auto at = static_cast<std::ptrdiff_t>(random() % value.size());
    const nlohmann::json copy = value[static_cast<std::size_t>(at)];
    if (kind == 0) {
      value.erase(value.begin() + at);
    } else {
      value.insert(value.begin() + at, copy);
    }
  } else if (kind == 2) {
    const nlohmann::json copy = *all[random() % all.size()];
    value = copy;
  } else {
    value = values[random() % values.size()];
  }
}

/// Mutates the description of the network inside the header, or the header, as JSON: mutants of
/// its text are seldom JSON. The header is unchanged if it is not JSON.
void mutate_header(std::string& header, unsigned seed) {
  std::minstd_rand random(seed);
  nlohmann::json json = nlohmann::json::parse(header, nullptr, false);
  if (!json.is_object()) return;
  std::string* inner = nullptr;
  if (json.contains("__metadata__") && json["__metadata__"].is_object() &&
      json["__metadata__"].contains("backfold")) {
    inner = json["__metadata__"]["backfold"].get_ptr<std::string*>();
  }
  nlohmann::json model =
      inner == nullptr ? nlohmann::json() : nlohmann::json::parse(*inner, nullptr, false);
  if (model.is_structured() && random() % 4 != 0) {
    mutate_json(model, random);
    *inner = model.dump();
  } else {
    mutate_json(json, random);
  }
  header = json.dump();
}

}  // namespace

/// Mutates the header or the numbers of a safetensors file and sets the header's length, which
/// would otherwise refuse most mutants at once. One mutation of 16 is of the whole file.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t room, unsigned seed) {
  constexpr std::size_t prefix = 8;
  if (size < prefix || seed % 16 == 0) return LLVMFuzzerMutate(data, size, room);
  std::uint64_t length = 0;
  for (std::size_t i = prefix; i-- > 0;) length = length << 8 | data[i];
  const std::size_t rest = size - prefix;
  const auto split = static_cast<std::size_t>((std::min<std::uint64_t>)(length, rest));
  const std::string whole(text_of(data + prefix, rest));
  std::string header = whole.substr(0, split), numbers = whole.substr(split);
  if (seed % 2 == 0) {
    mutate_header(header, seed);
    if (header.size() + numbers.size() > room - prefix) return size;
  } else {
    std::string& part = seed % 8 == 1 && !numbers.empty() ? numbers : header;
    const std::size_t used = part.size(), most = room - prefix - (rest - used);
    part.resize(most);
    part.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(part.data()), used, most));
  }
  for (std::size_t i = 0; i < prefix; ++i) {
    data[i] = static_cast<std::uint8_t>(std::uint64_t{header.size()} >> (8 * i));
  }
  const std::string mutant = header + numbers;
  std::memcpy(data + prefix, mutant.data(), mutant.size());
  return prefix + mutant.size();
}
