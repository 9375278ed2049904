// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// The fields of a Protocol Buffers message, read back: numbers, or bytes of texts and messages.
struct ProtobufFields {
  struct Field {
    int number = 0, wire_type = 0;
    std::uint64_t value = 0;
    std::string bytes = {};
  };
  std::vector<Field> fields;

  explicit ProtobufFields(const std::string& text) {
    std::size_t at = 0;
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(text.at(at++));
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < text.size()) {
      const std::uint64_t key = varint();
      Field field{static_cast<int>(key >> 3), static_cast<int>(key & 7)};
      if (field.wire_type == 0) {
        field.value = varint();
      } else {
        if (field.wire_type != 2 && field.wire_type != 5) throw std::runtime_error("wire type");
        const std::size_t size = field.wire_type == 5 ? 4 : varint();
        if (size > text.size() - at) throw std::runtime_error("a field ends behind the message");
        field.bytes = text.substr(at, size);
        at += size;
      }
      fields.push_back(field);
    }
  }

  std::vector<Field> all(int number) const {
    std::vector<Field> found;
    for (const Field& field : fields) {
      if (field.number == number) found.push_back(field);
    }
    return found;
  }
  std::vector<std::string> texts(int number) const {
    std::vector<std::string> found;
    for (const Field& field : all(number)) found.push_back(field.bytes);
    return found;
  }
  /// The only field of this number.
  Field one(int number) const {
    const auto found = all(number);
    if (found.size() != 1) throw std::runtime_error("field " + std::to_string(number));
    return found[0];
  }
};

/// Numbers of a shape, row-major.
struct OnnxTensor {
  std::vector<long> shape;
  std::vector<double> numbers;
  long last() const { return shape.back(); }
};

/// An ONNX file, read back.
struct OnnxFile {
  struct Attribute {
    double number = 0;
    std::vector<long> integers = {};
    std::vector<std::string> texts = {};
  };
  struct Node {
    std::string name, operation;
    std::vector<std::string> inputs, outputs;
    std::map<std::string, Attribute> attributes;
  };
  /// A dimension is a number or the name of one.
  using Values = std::vector<std::pair<std::string, std::vector<std::string>>>;

  long ir_version, opset;
  std::vector<Node> nodes;
  std::map<std::string, OnnxTensor> constants;
  std::map<std::string, int> types;  ///< of constants, inputs and outputs
  Values inputs, outputs;

  explicit OnnxFile(const std::string& bytes) {
    const ProtobufFields model(bytes);
    ir_version = static_cast<long>(model.one(1).value);
    opset = static_cast<long>(ProtobufFields(model.one(8).bytes).one(2).value);
    const ProtobufFields graph(model.one(7).bytes);
    for (const std::string& text : graph.texts(1)) read_node(ProtobufFields(text));
    for (const std::string& text : graph.texts(5)) read_tensor(ProtobufFields(text));
    for (const std::string& text : graph.texts(11)) read_value(inputs, ProtobufFields(text));
    for (const std::string& text : graph.texts(12)) read_value(outputs, ProtobufFields(text));
  }

  /// "MatMul Add Tanh"
  std::string operations() const {
    std::string text;
    for (const Node& node : nodes) text += (text.empty() ? "" : " ") + node.operation;
    return text;
  }

 private:
  void read_node(const ProtobufFields& fields) {
    Node node{fields.one(3).bytes, fields.one(4).bytes, fields.texts(1), fields.texts(2), {}};
    for (const std::string& text : fields.texts(5)) {
      const ProtobufFields attribute(text);
      Attribute& read = node.attributes[attribute.one(1).bytes];
      const auto type = attribute.one(20).value;
      if (type == 1) read.number = number_at<float>(attribute.one(2).bytes, 0);
      if (type == 2) read.integers = {static_cast<long>(attribute.one(3).value)};
      for (const auto& field : attribute.all(8)) {
        read.integers.push_back(static_cast<long>(field.value));
      }
      read.texts = attribute.texts(9);
    }
    nodes.push_back(node);
  }
  void read_tensor(const ProtobufFields& fields) {
    OnnxTensor tensor;
    std::size_t count = 1;
    for (const auto& field : fields.all(1)) {
      tensor.shape.push_back(static_cast<long>(field.value));
      count *= static_cast<std::size_t>(field.value);
    }
    const std::string name = fields.one(8).bytes, raw = fields.one(9).bytes;
    const int type = static_cast<int>(fields.one(2).value);
    if (raw.size() != count * (type == 1 ? 4 : 8)) throw std::runtime_error(name + ": size");
    for (std::size_t i = 0; i < count; ++i) {
      tensor.numbers.push_back(type == 1    ? static_cast<double>(number_at<float>(raw, i))
                               : type == 11 ? number_at<double>(raw, i)
                                            : static_cast<double>(number_at<std::int64_t>(raw, i)));
    }
    if (!constants.emplace(name, tensor).second) throw std::runtime_error(name + ": twice");
    types[name] = type;
  }
  void read_value(Values& values, const ProtobufFields& fields) {
    const ProtobufFields type(ProtobufFields(fields.one(2).bytes).one(1).bytes);
    std::vector<std::string> shape;
    for (const std::string& text : ProtobufFields(type.one(2).bytes).texts(1)) {
      const ProtobufFields dimension(text);
      shape.push_back(dimension.fields[0].number == 2 ? dimension.one(2).bytes
                                                      : std::to_string(dimension.one(1).value));
    }
    const std::string name = fields.one(1).bytes;
    values.push_back({name, shape});
    types[name] = static_cast<int>(type.one(1).value);
  }
  template <class S>
  static S number_at(const std::string& raw, std::size_t i) {
    S number;
    std::memcpy(&number, raw.data() + i * sizeof(S), sizeof(S));
    return number;
  }
};
