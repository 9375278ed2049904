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

/// Recurrent networks get smaller weights: with 1.5, an Elman network's own outputs in float differ
/// from those in double by up to 2e-6 after 20 steps, since the recurrence amplifies roundings.
template <class Net>
Net drawn(Net net) {
  const double range = Net::Graph::is_recurrent ? 0.8 : 1.5;
  bf::Random random(7);
  for (auto& w : net.parameters()) {
    w = static_cast<typename Net::Scalar>(bf::uniform(random, -range, range));
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

/// The states of a file and their units, as JSON.
std::string states_of(const auto& net) {
  std::string states;
  for (const bf::detail::OnnxState& s : bf::detail::onnx_network(net).states()) {
    const bf::Index units = bf::layers(net)[static_cast<std::size_t>(s.layer)].units;
    states += (states.empty() ? "\"" : ", \"") + s.name() + "\": " + std::to_string(units);
  }
  return "{" + states + "}";
}

/// A recurrent network, step by step for two sequences.
template <class Net>
void add_steps(const std::string& name, const Net& net, bf::OnnxOptions options = {}) {
  using S = typename Net::Scalar;
  constexpr bool is_double = std::is_same_v<S, double>;
  if (is_double) options.scalar = bf::OnnxScalar::Double;
  bf::save_onnx(folder + name + ".onnx", net, options);
  constexpr bf::Index batch = 2;
  bf::State<Net> state(net, batch);
  Calls calls;
  for (int t = 0; t < 20; ++t) {
    const bf::Matrix<S> X = 2 * bf::Matrix<S>::Random(net.inputs(), batch);
    const bf::Matrix<S> Y = bf::step(net, X, state);
    calls.add({batch, net.inputs()}, X, Y);
  }
  calls.write(name, is_double, states_of(net));
}

void add_recurrent() {
  add_steps("elman", drawn(bf::Elman<float, 2, 5, 1>()));
  add_steps("elman_double", drawn(bf::Elman<double, 2, 5, 1>()));
  add_steps("elman_opset_13", drawn(bf::Elman<float, 2, 5, 1>()), {.opset = 13});
  add_steps("lstm", drawn(bf::Rnn<float, Input<2>, bf::Lstm<4>, Dense<1, Linear>>()));
  add_steps("gru", drawn(bf::Rnn<float, Input<2>, bf::Gru<4>, Dense<1, Linear>>()));
  add_steps("min_gru", drawn(bf::Rnn<float, Input<2>, bf::MinGru<4>, Dense<1, Linear>>()));
  add_steps("gru_through", drawn(bf::Rnn<float, Input<2>, bf::Gru<4, bf::Through<2>>,
                                         bf::Dropout<4>, Dense<1, Linear>>()));
  add_steps("delay_3",
            drawn(bf::Rnn<float, Input<2>, Dense<3, Tanh, bf::Recurrent<3>>, Dense<1, Linear>>()));
  add_steps("back_connection",
            drawn(bf::Rnn<float, Input<2>, Dense<3, Tanh, bf::SelfRecurrent<1>, bf::Delayed<2, 2>>,
                          Dense<1, Linear, bf::Delayed<0, 2>>>()));
  add_steps("learnt_start",
            drawn(bf::Rnn<float, Input<2>, Dense<3, Tanh, bf::Recurrent<2>, bf::LearntStart>,
                          bf::Lstm<2, bf::LearntStart>>()));
  add_steps("stack", drawn(bf::Rnn<float, Input<2>, bf::Lstm<4>, bf::LayerNorm<4>, bf::Gru<3>,
                                   Dense<2, bf::Softmax, bf::From<0>>>()));
}

/// A recurrent network over sequences, each number of them from the first step on in parts.
template <class Net>
void add_sequences(const std::string& name, const Net& net, bf::OnnxOptions options = {}) {
  using S = typename Net::Scalar;
  constexpr bool is_double = std::is_same_v<S, double>;
  if (is_double) options.scalar = bf::OnnxScalar::Double;
  options.run = bf::OnnxRun::Sequence;
  bf::save_onnx(folder + name + ".onnx", net, options);
  Calls calls;
  for (const bf::Index batch : {1, 2, 5}) {
    bf::State<Net> state(net, batch);
    for (const bf::Index steps : {1, 30, 4}) {
      const bf::Matrix<S> X = 2 * bf::Matrix<S>::Random(net.inputs(), steps * batch);
      bf::Matrix<S> scaled = X;
      if (options.input_scaling.size() > 0) options.input_scaling.apply_in_place(scaled);
      bf::Workspace<Net> workspace(net, batch, steps);
      const bf::State<Net> before = state;
      bf::Matrix<S> Y = bf::run(net, scaled, steps, workspace, &before, &state);
      if (options.target_scaling.size() > 0) options.target_scaling.invert_in_place(Y);
      calls.add({steps, batch, net.inputs()}, X, Y);
    }
  }
  calls.write(name, is_double, states_of(net));
}

void add_recurrent_sequences() {
  using Slopes = Dense<3, Tanh, bf::Recurrent<>>;
  using Lstm = bf::Rnn<float, Input<2>, bf::Lstm<4>, Dense<1, Linear>>;
  add_sequences("sequence_elman", drawn(bf::Elman<float, 2, 5, 1>()));
  add_sequences("sequence_elman_opset_13", drawn(bf::Elman<float, 2, 5, 1>()), {.opset = 13});
  add_sequences("sequence_slope",
                drawn(bf::Rnn<float, Input<2>, Slopes>(Input<2>{}, Slopes{Tanh{.slope = 0.6}})));
  add_sequences(
      "sequence_relu",
      drawn(bf::Rnn<float, Input<2>, Dense<6, bf::Relu, bf::Recurrent<>>, Dense<2, Linear>>()));
  add_sequences(
      "sequence_sigmoid",
      drawn(bf::Rnn<float, Input<2>, Dense<3, bf::Sigmoid, bf::Recurrent<>>, Dense<2, Linear>>()));
  add_sequences("sequence_lstm", drawn(Lstm()));
  add_sequences("sequence_lstm_opset_13", drawn(Lstm()), {.opset = 13});
  add_sequences("sequence_gru", drawn(bf::Rnn<float, Input<2>, bf::Gru<4>, Dense<1, Linear>>()));
  add_sequences("sequence_no_bias",
                drawn(bf::Rnn<float, Input<2>, bf::Lstm<4, bf::NoBias>, bf::Gru<3, bf::NoBias>,
                              Dense<2, Tanh, bf::Recurrent<>, bf::NoBias>>()));
  const auto stack =
      bf::Rnn<float, Input<2>, Dense<4, Tanh>, bf::Lstm<4>, bf::LayerNorm<4>, bf::Dropout<4>,
              bf::Gru<3, bf::From<1>>, Dense<3, Tanh, bf::Recurrent<>, bf::Add<5>>,
              Dense<2, bf::Softmax, bf::From<0>>>();
  add_sequences("sequence_stack", drawn(stack));
  bf::OnnxOptions scaled;
  const Eigen::MatrixXd X = 0.5 + 3 * Eigen::MatrixXd::Random(2, 30).array();
  scaled.input_scaling = bf::Scaling(X);
  scaled.target_scaling = bf::Scaling(X.topRows(1), {.kind = bf::ScalingKind::MinMax, .low = -1});
  add_sequences("sequence_scalings", drawn(Lstm()), scaled);
  add_sequences("sequence_learnt_start",
                drawn(bf::Rnn<float, Input<2>, bf::Lstm<4, bf::LearntStart>,
                              Dense<3, Tanh, bf::Recurrent<>, bf::LearntStart>>()));
  add_sequences("sequence_perceptron",
                drawn(bf::Mlp<float, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>()));
}

int main(int, char** arguments) {
  folder = std::string(arguments[1]) + "/";
  add_perceptrons();
  add_recurrent();
  add_recurrent_sequences();
  return 0;
}
