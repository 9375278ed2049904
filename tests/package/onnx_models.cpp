// SPDX-License-Identifier: MIT
// Writes networks as ONNX files, each with inputs and our outputs as JSON, which
// tests/scripts/onnx_check.py and onnx_run.cjs read.
//
// usage: onnx_models FOLDER
#include <backfold/backfold.hpp>
#include <backfold/io/onnx.hpp>
#include <cstdio>
#include <fstream>

namespace bf = backfold;
using bf::Dense;
using bf::Input;
using bf::Linear;
using bf::Tanh;

std::string folder;

std::string list(const auto& numbers) {
  std::string text;
  for (const auto x : numbers) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.17g", static_cast<double>(x));
    text += (text.empty() ? "[" : ", ") + std::string(digits);
  }
  return text + "]";
}

template <class Net>
Net drawn(Net net) {
  bf::Random random(7);
  for (auto& w : net.parameters()) {
    w = static_cast<typename Net::Scalar>(bf::uniform(random, -1.5, 1.5));
  }
  return net;
}

/// Writes the calls of a model: inputs of a shape, and the outputs expected.
class Calls {
 public:
  void add(std::vector<bf::Index> shape, const auto& inputs, const auto& outputs) {
    text_ += (text_.empty() ? "" : ",\n  ") + std::string("{\"shape\": ") + list(shape) +
             ", \"input\": " + list(inputs.reshaped()) +
             ", \"output\": " + list(outputs.reshaped()) + "}";
  }
  void write(const std::string& name, bool is_double, const std::string& states = "{}") const {
    std::ofstream(folder + name + ".json")
        << "{\"type\": \"" << (is_double ? "float64" : "float32") << "\", \"states\": " << states
        << ", \"calls\": [\n  " << text_ << "]}\n";
  }

 private:
  std::string text_;
};

/// A network without recurrence, for one sample and for several.
template <class Net>
void add(const std::string& name, const Net& net, bf::OnnxOptions options = {},
         Eigen::MatrixXd inputs = {}) {
  using S = typename Net::Scalar;
  constexpr bool is_double = std::is_same_v<S, double>;
  if (is_double) options.scalar = bf::OnnxScalar::Double;
  bf::save_onnx(folder + name + ".onnx", net, options);
  if (inputs.size() == 0) inputs = 3 * Eigen::MatrixXd::Random(net.inputs(), 20);
  Calls calls;
  for (const bf::Index count : {bf::Index{1}, inputs.cols()}) {
    const bf::Matrix<S> X = inputs.leftCols(count).cast<S>();
    bf::Matrix<S> scaled = X;
    if (options.input_scaling.size() > 0) options.input_scaling.apply_in_place(scaled);
    bf::Matrix<S> Y = net(scaled);
    if (options.target_scaling.size() > 0) options.target_scaling.invert_in_place(Y);
    calls.add({count, net.inputs()}, X, Y);
  }
  calls.write(name, is_double);
}

void add_perceptrons() {
  using Plain = bf::Mlp<float, Input<2>, Dense<8, Tanh>, Dense<1, Linear>>;
  add("perceptron", drawn(Plain()));
  for (const int opset : {13, 14, 15, 16}) {
    add("perceptron_opset_" + std::to_string(opset), drawn(Plain()), {.opset = opset});
  }
  add("perceptron_double",
      drawn(bf::Mlp<double, Input<2>, Dense<8, Tanh>, Dense<3, bf::Softmax>>()));
  const Eigen::MatrixXd X = 1000 + Eigen::MatrixXd::Random(2, 30).array();
  bf::OnnxOptions scaled;
  scaled.input_scaling = bf::Scaling(X);
  add("softmax_skip_scaling",
      drawn(bf::Mlp<float, Input<2>, Dense<4, Tanh>, Dense<3, bf::Softmax, bf::From<0>>>()), scaled,
      X);
  scaled.target_scaling = bf::Scaling(X.topRows(1), {.kind = bf::ScalingKind::MinMax, .low = -1});
  add("both_scalings", drawn(Plain()), scaled, X);
  add("activations",
      drawn(bf::Mlp<float, Input<2>, Dense<3, bf::Elu>, Dense<3, bf::Gelu>, Dense<3, bf::Silu>,
                    Dense<3, bf::Softplus>, Dense<3, bf::LeakyRelu>, Dense<3, bf::Relu>,
                    Dense<2, bf::Sigmoid>>()));
  const auto normed = drawn(bf::Mlp<float, Input<3>, Dense<5, bf::Relu>, bf::LayerNorm<5>,
                                    bf::Dropout<5>, bf::Residual<5, 1>, Dense<1, Linear>>());
  add("layer_norm", normed);
  add("layer_norm_opset_16", normed, {.opset = 16});
  Eigen::MatrixXd indices(1, 20);
  for (int i = 0; i < 20; ++i) indices(i) = i * 5 % 7;
  add("embedding", drawn(bf::Mlp<float, Input<1>, bf::Embedding<4, 7>, Dense<7, bf::Softmax>>()),
      {}, indices);
}

int main(int, char** arguments) {
  folder = std::string(arguments[1]) + "/";
  add_perceptrons();
  return 0;
}
