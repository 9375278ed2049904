// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

#include "onnx_file.hpp"

/// The operators RNN, LSTM and GRU in double precision, written from their equations in ONNX's
/// Operators.md: one direction, layout 0, default activations for LSTM and GRU.
class OnnxRecurrence {
 public:
  OnnxRecurrence(const OnnxFile::Node& node, const std::vector<OnnxTensor>& in)
      : node_(node), in_(in) {
    hidden_ = node.attributes.at("hidden_size").integers.at(0);
    gates_ = node.operation == "LSTM" ? 4 : node.operation == "GRU" ? 3 : 1;
    steps_ = in[0].shape.at(0);
    batch_ = in[0].shape.at(1);
    inputs_ = in[0].shape.at(2);
    require(in[1].shape == std::vector<long>{1, gates_ * hidden_, inputs_}, "W");
    require(in[2].shape == std::vector<long>{1, gates_ * hidden_, hidden_}, "R");
    has_bias_ = !in[3].shape.empty();
    require(!has_bias_ || in[3].shape == std::vector<long>{1, 2 * gates_ * hidden_}, "B");
    require(in[4].shape.empty(), "sequence_lens");
    for (std::size_t i = 5; i < in.size(); ++i) {
      require(in[i].shape == std::vector<long>{1, batch_, hidden_}, "an initial state");
    }
    require(in.size() == (gates_ == 4 ? 7 : 6), "inputs");
  }

  /// Y, Y_h and, of an LSTM, Y_c.
  std::vector<OnnxTensor> run() {
    h_ = in_[5].numbers;
    if (gates_ == 4) c_ = in_[6].numbers;
    OnnxTensor y{{steps_, 1, batch_, hidden_}, {}};
    for (long t = 0; t < steps_; ++t) {
      const std::vector<double> before = h_;
      for (long sample = 0; sample < batch_; ++sample) {
        for (long unit = 0; unit < hidden_; ++unit) {
          h_[index(sample, unit)] = next(t, sample, unit, before);
        }
      }
      y.numbers.insert(y.numbers.end(), h_.begin(), h_.end());
    }
    std::vector<OnnxTensor> results{y, {{1, batch_, hidden_}, h_}};
    if (gates_ == 4) results.push_back({{1, batch_, hidden_}, c_});
    return results;
  }

 private:
  static void require(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(std::string("recurrence: ") + what);
  }
  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
  std::size_t index(long sample, long unit) const {
    return static_cast<std::size_t>(sample * hidden_ + unit);
  }

  double next(long t, long sample, long unit, const std::vector<double>& h) {
    const auto x = [&](long gate) { return input(t, sample, gate * hidden_ + unit); };
    const auto r = [&](long gate) { return recurrent(h, sample, gate * hidden_ + unit); };
    if (gates_ == 1) return activated(x(0) + r(0));
    if (gates_ == 3) {  // z, r, h
      require(node_.attributes.at("linear_before_reset").integers.at(0) == 1, "reset");
      const double z = sigmoid(x(0) + r(0));
      const double reset = sigmoid(x(1) + r(1));
      const double candidate = std::tanh(x(2) + reset * r(2));
      return (1 - z) * candidate + z * h[index(sample, unit)];
    }
    double& c = c_[index(sample, unit)];  // i, o, f, c
    c = sigmoid(x(2) + r(2)) * c + sigmoid(x(0) + r(0)) * std::tanh(x(3) + r(3));
    return sigmoid(x(1) + r(1)) * std::tanh(c);
  }

  double activated(double net) const {
    const std::string name = node_.attributes.at("activations").texts.at(0);
    if (name == "Tanh") return std::tanh(net);
    if (name == "Sigmoid") return sigmoid(net);
    require(name == "Relu", "activation");
    return std::max(net, 0.0);
  }

  /// A row of W Xᵀ + Wb.
  double input(long t, long sample, long row) const {
    double sum = has_bias_ ? in_[3].numbers[static_cast<std::size_t>(row)] : 0;
    for (long j = 0; j < inputs_; ++j) {
      sum += in_[1].numbers[static_cast<std::size_t>(row * inputs_ + j)] *
             in_[0].numbers[static_cast<std::size_t>((t * batch_ + sample) * inputs_ + j)];
    }
    return sum;
  }
  /// A row of R Hᵀ + Rb.
  double recurrent(const std::vector<double>& h, long sample, long row) const {
    double sum = has_bias_ ? in_[3].numbers[static_cast<std::size_t>(gates_ * hidden_ + row)] : 0;
    for (long j = 0; j < hidden_; ++j) {
      sum += in_[2].numbers[static_cast<std::size_t>(row * hidden_ + j)] * h[index(sample, j)];
    }
    return sum;
  }

  const OnnxFile::Node& node_;
  const std::vector<OnnxTensor>& in_;
  long hidden_, gates_, steps_, batch_, inputs_;
  bool has_bias_;
  std::vector<double> h_, c_ = {};
};
