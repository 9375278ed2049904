// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/io/protobuf_message.hpp"
#include "backfold/version.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// One dimension of a value's shape: a size, or the name of one that a run sets.
struct OnnxDimension {
  OnnxDimension(Index number) : size(number) {}    // NOLINT
  OnnxDimension(const char* text) : name(text) {}  // NOLINT
  Index size = 0;
  const char* name = nullptr;
};

/// A graph of ONNX that grows node by node. Values have names: inputs, constants and the results of
/// nodes. Field numbers and types are those of onnx.proto.
class OnnxGraph {
 public:
  using Attribute = ProtobufMessage;
  using Names = std::vector<std::string>;

  /// @param is_double floats otherwise
  OnnxGraph(int opset, bool is_double) : opset_(opset), is_double_(is_double) {}

  [[nodiscard]] int opset() const { return opset_; }
  /// True if a number keeps its value as an attribute, which is a float in any graph.
  [[nodiscard]] bool holds_attribute(double number) const {
    return !is_double_ || static_cast<double>(static_cast<float>(number)) == number;
  }
  /// A number as the graph's scalar has it.
  [[nodiscard]] double rounded(double number) const {
    return is_double_ ? number : static_cast<double>(static_cast<float>(number));
  }

  static Attribute integer(const char* name, std::int64_t value) {
    return ProtobufMessage().text(1, name).integer(3, value).integer(20, 2);
  }
  static Attribute real(const char* name, double value) {
    return ProtobufMessage().text(1, name).real(2, static_cast<float>(value)).integer(20, 1);
  }
  /// A list of one integer.
  static Attribute integers(const char* name, std::int64_t value) {
    return ProtobufMessage().text(1, name).integer(8, value).integer(20, 7);
  }

  /// A list of one text.
  static Attribute texts(const char* name, const std::string& text) {
    return ProtobufMessage().text(1, name).text(9, text).integer(20, 8);
  }

  /// The results of nodes that follow have names that begin with a prefix.
  void set_prefix(const std::string& prefix) { prefix_ = prefix; }

  void add_input(const std::string& name, const std::vector<OnnxDimension>& shape) {
    graph_.message(11, value_info(name, shape));
  }
  /// A value becomes an output, under another name.
  void add_output(const std::string& name, const std::string& value,
                  const std::vector<OnnxDimension>& shape) {
    add_node("Identity", {value}, {name}, {});
    graph_.message(12, value_info(name, shape));
  }

  /// Row-major numbers.
  /// @throws std::invalid_argument for a number beyond the range of float, if that is the scalar
  std::string add_constant(const std::string& name, const std::vector<Index>& shape,
                           const std::vector<double>& numbers) {
    std::string raw;
    if (is_double_) {
      append_little_endian(raw, numbers.data(), static_cast<Index>(numbers.size()));
    } else {
      std::vector<float> floats;
      for (const double number : numbers) {
        floats.push_back(static_cast<float>(number));
        if (!is_finite(floats.back())) {
          fail_argument("onnx: ", name, " has the number ", number,
                        ", which is beyond the range of float; expected OnnxScalar::Double");
        }
      }
      append_little_endian(raw, floats.data(), static_cast<Index>(floats.size()));
    }
    return add_tensor(name, shape, real_type(), raw);
  }
  std::string add_integers(const std::string& name, const std::vector<std::int64_t>& numbers) {
    std::string raw;
    append_little_endian(raw, numbers.data(), static_cast<Index>(numbers.size()));
    return add_tensor(name, {static_cast<Index>(numbers.size())}, integer_type, raw);
  }

  /// Adds a node of one result, whose name it returns.
  std::string add(const char* operation, const Names& inputs,
                  const std::vector<Attribute>& attributes = {}) {
    return add(operation, inputs, 1, attributes).front();
  }
  /// Adds a node of several results.
  Names add(const char* operation, const Names& inputs, int results,
            const std::vector<Attribute>& attributes) {
    Names outputs;
    for (int i = 0; i < results; ++i) outputs.push_back(fresh_name(operation));
    add_node(operation, inputs, outputs, attributes);
    return outputs;
  }

  /// The file: a ModelProto.
  /// @throws std::invalid_argument for more bytes than such a file may have
  [[nodiscard]] std::string bytes() const {
    check_size(graph_.bytes().size());
    ProtobufMessage graph = graph_;
    graph.text(2, "backfold");
    return ProtobufMessage()
        .integer(1, opset_ < 15 ? 7 : 8)  // the ir_version that came with the opset
        .text(2, "Backfold")
        .text(3, std::to_string(BACKFOLD_VERSION_MAJOR) + "." +
                     std::to_string(BACKFOLD_VERSION_MINOR) + "." +
                     std::to_string(BACKFOLD_VERSION_PATCH))
        .message(7, graph)
        .message(8, ProtobufMessage().text(1, "").integer(2, opset_))
        .bytes();
  }

  /// @throws std::invalid_argument for a graph too large for a Protocol Buffers message
  static void check_size(std::size_t bytes) {
    constexpr std::size_t most = 0x7fff0000;  // 2 GiB less what the model adds
    if (bytes > most) {
      fail_argument("onnx: the graph has ", bytes, " bytes, expected at most ", most);
    }
  }

 private:
  static constexpr int integer_type = 7;
  [[nodiscard]] int real_type() const { return is_double_ ? 11 : 1; }

  std::string fresh_name(const char* operation) {
    std::string name = prefix_;
    if (!name.empty()) name += '.';
    name += operation;
    const int count = ++uses_[name];
    return count == 1 ? name : name + "_" + std::to_string(count);
  }

  void add_node(const char* operation, const Names& inputs, const Names& outputs,
                const std::vector<Attribute>& attributes) {
    ProtobufMessage node;
    for (const std::string& name : inputs) node.text(1, name);
    for (const std::string& name : outputs) node.text(2, name);
    node.text(3, outputs.front()).text(4, operation);
    for (const Attribute& attribute : attributes) node.message(5, attribute);
    graph_.message(1, node);
  }

  std::string add_tensor(const std::string& name, const std::vector<Index>& shape, int type,
                         const std::string& raw) {
    ProtobufMessage tensor;
    for (const Index size : shape) tensor.integer(1, size);
    graph_.message(5, tensor.integer(2, type).text(8, name).text(9, raw));
    return name;
  }

  [[nodiscard]] ProtobufMessage value_info(const std::string& name,
                                           const std::vector<OnnxDimension>& shape) const {
    ProtobufMessage sizes;
    for (const OnnxDimension& dimension : shape) {
      ProtobufMessage one;
      if (dimension.name != nullptr) {
        one.text(2, dimension.name);
      } else {
        one.integer(1, dimension.size);
      }
      sizes.message(1, one);
    }
    const ProtobufMessage tensor = ProtobufMessage().integer(1, real_type()).message(2, sizes);
    return ProtobufMessage().text(1, name).message(2, ProtobufMessage().message(1, tensor));
  }

  int opset_;
  bool is_double_;
  std::string prefix_;
  std::map<std::string, int> uses_;
  ProtobufMessage graph_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
