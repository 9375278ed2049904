// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <functional>

#include "onnx_file.hpp"
#include "onnx_recurrence.hpp"

/// Runs the graph of an ONNX file in double precision, by the operators' definitions.
class OnnxInterpreter {
 public:
  using Values = std::map<std::string, OnnxTensor>;

  static Values run(const OnnxFile& file, const Values& inputs) {
    OnnxInterpreter all{file.constants};
    for (const auto& [name, shape] : file.inputs) {
      const OnnxTensor& given = inputs.at(name);
      for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool is_number = shape[i].find_first_not_of("0123456789") == std::string::npos;
        if (is_number && std::stol(shape[i]) != given.shape.at(i)) throw std::runtime_error(name);
      }
      if (shape.size() != given.shape.size()) throw std::runtime_error(name + ": rank");
      all.values_[name] = given;
    }
    for (const OnnxFile::Node& node : file.nodes) all.run_node(node);
    Values outputs;
    for (const auto& [name, shape] : file.outputs) outputs[name] = all.values_.at(name);
    return outputs;
  }

 private:
  using Number = std::function<double(double)>;
  using Two = std::function<double(double, double)>;

  explicit OnnxInterpreter(const Values& constants) : values_(constants) {}

  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

  void run_node(const OnnxFile::Node& node) {
    std::vector<OnnxTensor> in;
    for (const std::string& name : node.inputs) {
      in.push_back(name.empty() ? OnnxTensor{} : values_.at(name));
    }
    const std::vector<OnnxTensor> out = results(node, in);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (!values_.emplace(node.outputs[i], out.at(i)).second) {
        throw std::runtime_error(node.outputs[i] + ": a value has two sources");
      }
    }
  }

  static std::vector<OnnxTensor> results(const OnnxFile::Node& node,
                                         const std::vector<OnnxTensor>& in) {
    const std::string& op = node.operation;
    const double alpha = op == "LeakyRelu" || (op == "Elu" && node.attributes.count("alpha") > 0)
                             ? node.attributes.at("alpha").number
                             : 1;
    const std::map<std::string, Number> one{
        {"Identity", [](double x) { return x; }},
        {"Cast", [](double x) { return std::trunc(x); }},
        {"Neg", [](double x) { return -x; }},
        {"Tanh", [](double x) { return std::tanh(x); }},
        {"Sigmoid", sigmoid},
        {"Relu", [](double x) { return x < 0 ? 0 : x; }},
        {"LeakyRelu", [&](double x) { return x < 0 ? alpha * x : x; }},
        {"Elu", [&](double x) { return x < 0 ? alpha * std::expm1(x) : x; }},
        {"Softplus", [](double x) { return std::log1p(std::exp(x)); }},
        {"Erf", [](double x) { return std::erf(x); }},
        {"Sqrt", [](double x) { return std::sqrt(x); }}};
    const std::map<std::string, Two> two{{"Add", [](double a, double b) { return a + b; }},
                                         {"Sub", [](double a, double b) { return a - b; }},
                                         {"Mul", [](double a, double b) { return a * b; }},
                                         {"Div", [](double a, double b) { return a / b; }}};
    if (one.count(op) > 0) return {each(in[0], one.at(op))};
    if (two.count(op) > 0) return {broadcast(in[0], in[1], two.at(op))};
    if (op == "MatMul") return {product(in[0], in[1])};
    if (op == "Softmax") return {softmax(in[0])};
    if (op == "ReduceMean") return {means(in[0])};
    if (op == "LayerNormalization") return {layer_norm(node, in)};
    if (op == "Concat") return {joined(in)};
    if (op == "Split") return parts(in[0], static_cast<long>(node.outputs.size()));
    if (op == "Squeeze") return {squeezed(in[0], in[1])};
    if (op == "Unsqueeze") return {unsqueezed(in[0], in[1])};
    if (op == "RNN" || op == "LSTM" || op == "GRU") return OnnxRecurrence(node, in).run();
    if (op == "Gather") return {gathered(in[0], in[1])};
    throw std::runtime_error("no operator " + op);
  }

  static OnnxTensor each(OnnxTensor x, const Number& f) {
    for (double& number : x.numbers) number = f(number);
    return x;
  }

  /// The smaller shape repeats: it ends as the larger one does, or has a last axis of 1.
  static OnnxTensor broadcast(OnnxTensor a, const OnnxTensor& b, const Two& f) {
    if (b.numbers.size() > a.numbers.size()) throw std::runtime_error("broadcast");
    const bool is_column = !b.shape.empty() && b.last() == 1 && a.last() != 1;
    const std::size_t every = is_column ? static_cast<std::size_t>(a.last()) : 1;
    const std::size_t first = a.shape.size() - b.shape.size();
    for (std::size_t i = 0; i < b.shape.size() - (is_column ? 1 : 0); ++i) {
      if (b.shape[i] != a.shape[first + i]) throw std::runtime_error("broadcast");
    }
    for (std::size_t i = 0; i < a.numbers.size(); ++i) {
      a.numbers[i] = f(a.numbers[i], b.numbers[i / every % b.numbers.size()]);
    }
    return a;
  }

  static OnnxTensor product(const OnnxTensor& a, const OnnxTensor& b) {
    const long k = a.last(), n = b.shape.at(1);
    if (b.shape.size() != 2 || b.shape[0] != k) throw std::runtime_error("MatMul");
    OnnxTensor y = with_last(a, n);
    for (std::size_t i = 0; i < y.numbers.size(); ++i) {
      const std::size_t row = i / static_cast<std::size_t>(n), j = i % static_cast<std::size_t>(n);
      for (std::size_t l = 0; l < static_cast<std::size_t>(k); ++l) {
        y.numbers[i] += a.numbers[row * static_cast<std::size_t>(k) + l] *
                        b.numbers[l * static_cast<std::size_t>(n) + j];
      }
    }
    return y;
  }

  /// Zeros of the shape of a, but for the last axis.
  static OnnxTensor with_last(const OnnxTensor& a, long n) {
    OnnxTensor y{a.shape, {}};
    y.shape.back() = n;
    y.numbers.resize(a.numbers.size() / static_cast<std::size_t>(a.last()) *
                     static_cast<std::size_t>(n));
    return y;
  }

  static OnnxTensor means(const OnnxTensor& x) {
    OnnxTensor y = with_last(x, 1);
    const auto n = static_cast<std::size_t>(x.last());
    for (std::size_t i = 0; i < x.numbers.size(); ++i) {
      y.numbers[i / n] += x.numbers[i] / static_cast<double>(n);
    }
    return y;
  }

  static OnnxTensor softmax(const OnnxTensor& x) {
    const OnnxTensor e = each(x, [](double number) { return std::exp(number); });
    const double n = static_cast<double>(x.last());
    return broadcast(e, means(e), [n](double a, double mean) { return a / (n * mean); });
  }

  static OnnxTensor layer_norm(const OnnxFile::Node& node, const std::vector<OnnxTensor>& in) {
    const double epsilon = node.attributes.at("epsilon").number;
    const auto minus = [](double a, double b) { return a - b; };
    const OnnxTensor centred = broadcast(in[0], means(in[0]), minus);
    const OnnxTensor variance = means(each(centred, [](double x) { return x * x; }));
    const OnnxTensor normal = broadcast(
        centred, variance, [&](double a, double v) { return a / std::sqrt(v + epsilon); });
    const OnnxTensor scaled = broadcast(normal, in[1], [](double a, double b) { return a * b; });
    return broadcast(scaled, in[2], [](double a, double b) { return a + b; });
  }

  /// Next to each other along the last axis.
  static OnnxTensor joined(const std::vector<OnnxTensor>& in) {
    long width = 0;
    for (const OnnxTensor& x : in) {
      if (x.numbers.size() / static_cast<std::size_t>(x.last()) !=
          in[0].numbers.size() / static_cast<std::size_t>(in[0].last())) {
        throw std::runtime_error("Concat");
      }
      width += x.last();
    }
    OnnxTensor y{in[0].shape, {}};
    y.shape.back() = width;
    const auto rows = in[0].numbers.size() / static_cast<std::size_t>(in[0].last());
    for (std::size_t row = 0; row < rows; ++row) {
      for (const OnnxTensor& x : in) {
        const auto begin = x.numbers.begin() + static_cast<long>(row) * x.last();
        y.numbers.insert(y.numbers.end(), begin, begin + x.last());
      }
    }
    return y;
  }

  /// Equal parts of the last axis.
  static std::vector<OnnxTensor> parts(const OnnxTensor& x, long count) {
    if (x.last() % count != 0) throw std::runtime_error("Split");
    const long width = x.last() / count;
    std::vector<OnnxTensor> all(static_cast<std::size_t>(count), with_last(x, width));
    for (OnnxTensor& part : all) part.numbers.resize(0);
    for (std::size_t i = 0; i < x.numbers.size(); ++i) {
      const long at = static_cast<long>(i) % x.last() / width;
      all[static_cast<std::size_t>(at)].numbers.push_back(x.numbers[i]);
    }
    return all;
  }

  static OnnxTensor squeezed(OnnxTensor x, const OnnxTensor& axes) {
    const long axis = static_cast<long>(axes.numbers.at(0));
    const auto at = x.shape.begin() + (axis < 0 ? axis + static_cast<long>(x.shape.size()) : axis);
    if (*at != 1) throw std::runtime_error("Squeeze");
    x.shape.erase(at);
    return x;
  }

  static OnnxTensor unsqueezed(OnnxTensor x, const OnnxTensor& axes) {
    x.shape.insert(x.shape.begin() + static_cast<long>(axes.numbers.at(0)), 1);
    return x;
  }

  static OnnxTensor gathered(const OnnxTensor& table, const OnnxTensor& indices) {
    OnnxTensor y{indices.shape, {}};
    y.shape.push_back(table.last());
    for (const double index : indices.numbers) {
      if (index < 0 || index >= static_cast<double>(table.shape[0])) {
        throw std::runtime_error("Gather");
      }
      const auto begin = table.numbers.begin() + static_cast<long>(index) * table.last();
      y.numbers.insert(y.numbers.end(), begin, begin + table.last());
    }
    return y;
  }

  Values values_;
};
