// SPDX-License-Identifier: MIT
// Writes networks as headers, and a program that compares their outputs with ours, which
// tests/scripts/header_export.py compiles.
//
// usage: header_export FOLDER
#include <backfold/backfold.hpp>
#include <backfold/io/header.hpp>
#include <backfold/io/quantised.hpp>
#include <cstdio>
#include <fstream>

namespace bf = backfold;
using bf::Dense;
using bf::Input;

std::string folder, includes, checks;

std::string array_text(const Eigen::MatrixXd& numbers) {
  std::string text = "{";
  for (const double x : numbers.reshaped()) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.17g, ", x);
    text += digits;
  }
  return text + "}";
}

/// Adds a network and the comparison of its outputs for some samples or steps.
template <class Net>
void add(const std::string& name, Net net, bf::HeaderOptions options = {},
         Eigen::MatrixXd inputs = {}) {
  using S = typename Net::Scalar;
  constexpr bool recurrent = Net::Graph::is_recurrent;
  constexpr bf::Index columns = 20;
  bf::Random random(7);
  net.initialize(bf::Uniform{-1, 1}, random);
  for (auto& w : net.parameters()) w = static_cast<S>(bf::uniform(random, -1.5, 1.5));
  if (inputs.size() == 0) inputs = 3 * Eigen::MatrixXd::Random(net.inputs(), columns);
  bf::Matrix<S> X = inputs.cast<S>();
  if (options.input_scaling.size() > 0) options.input_scaling.apply_in_place(X);
  bf::Workspace<Net> workspace(net, columns, columns);
  bf::Matrix<S> Y =
      bf::run(bf::quantised(net, options.weights), X, recurrent ? columns : 1, workspace);
  if (options.target_scaling.size() > 0) options.target_scaling.invert_in_place(Y);
  options.name = name;
  const bf::Index bytes = bf::write_header(folder + name + ".hpp", net, options);
  std::printf("%s: %ld parameters, %ld bytes of constants\n", name.c_str(),
              long(net.parameter_count()), long(bytes));

  includes += "#include \"" + name + ".hpp\"\n";
  const std::string type = sizeof(S) == 4 ? "float" : "double";
  const std::string call = recurrent ? name + "::step(inputs + c * " + name + "::inputs, state, y)"
                                     : name + "::predict(inputs + c * " + name + "::inputs, y)";
  checks +=
      "  {\n    static const " + type +
      " inputs[] = " + array_text(inputs.cast<S>().template cast<double>()) +
      ";\n    static const " + type + " expected[] = " + array_text(Y.template cast<double>()) +
      ";\n    " + (recurrent ? name + "::State state;\n    " : "") + type + " y[" + name +
      "::outputs];\n    for (int c = 0; c < 20; ++c) {\n      " + call + ";\n      compare(\"" +
      name + "\", y, expected + c * " + name + "::outputs, " + name + "::outputs);\n    }\n  }\n";
}

int main(int, char** arguments) {
  folder = std::string(arguments[1]) + "/";
  using Classifier = bf::Mlp<float, Input<4>, Dense<8, bf::Tanh>, Dense<8, bf::Relu>,
                             Dense<3, bf::Softmax, bf::From<0>>>;
  add("mlp", Classifier());
  add("activations",
      bf::Mlp<float, Input<2>, Dense<3, bf::Elu>, Dense<3, bf::Gelu>, Dense<3, bf::Silu>,
              Dense<3, bf::Softplus>, Dense<3, bf::LeakyRelu>, Dense<2, bf::Sigmoid>>());
  add("precise",
      bf::Mlp<double, Input<2>, Dense<3, bf::Elu>, Dense<3, bf::Gelu>, Dense<3, bf::Tanh>,
              Dense<3, bf::Softplus>, bf::LayerNorm<3>, Dense<2, bf::Softmax>>());
  Eigen::MatrixXd far_inputs(3, 4);                 // from 0, or so large that squares overflow
  far_inputs << 12345.678, 12345.679, 1e25, 1e-30,  //
      12345.678, 12345.678, 2e25, 2e-30,            //
      12345.678, 12345.677, -3e25, 4e-30;
  add("far", bf::Mlp<float, Input<3>, bf::LayerNorm<3>>(), {}, far_inputs.replicate(1, 5));
  const Eigen::MatrixXd X = Eigen::MatrixXd::Random(2, 30);
  bf::HeaderOptions scaled;
  scaled.input_scaling = bf::Scaling(X);
  scaled.target_scaling = bf::Scaling(X.topRows(1), {.kind = bf::ScalingKind::MinMax, .low = -1});
  add("elman", bf::Elman<float, 2, 5, 1>(), scaled);
  add("gated", bf::Rnn<float, Input<2>, bf::Lstm<4>, bf::Gru<3>, bf::Gru<2, bf::NoBias>,
                       Dense<2, bf::Linear, bf::Delayed<0, 2>>>());
  add("precise_gated",
      bf::Rnn<double, Input<1>, bf::Lstm<3, bf::NoBias>, bf::Gru<3>,
              Dense<3, bf::Tanh, bf::SelfRecurrent<2>, bf::Delayed<4, 1>>, Dense<1, bf::Linear>>());
  add("starting", bf::Rnn<float, Input<2>, bf::Lstm<4, bf::LearntStart>,
                          bf::Gru<3, bf::LearntStart>, Dense<2, bf::Linear>>());
  add("precise_starting",
      bf::Rnn<double, Input<1>,
              Dense<3, bf::Tanh, bf::Recurrent<>, bf::Recurrent<2>, bf::LearntStart>, bf::Lstm<2>,
              bf::MinGru<3, bf::LearntStart>, Dense<1, bf::Sigmoid, bf::Delayed<3, 2>>>());
  bf::HeaderOptions int8, q15;
  int8.weights = bf::WeightFormat::Int8;
  q15.weights = bf::WeightFormat::Q15;
  add("mlp_int8", Classifier(), int8);
  add("mlp_q15", Classifier(), q15);
  add("precise_int8",
      bf::Mlp<double, Input<3>, Dense<5, bf::Tanh>, Dense<1, bf::Linear, bf::From<0>>>(), int8);
  using Gated = bf::Rnn<float, Input<3>, bf::Lstm<4>, bf::Gru<3>,
                        Dense<3, bf::Tanh, bf::SelfRecurrent<2>, bf::Delayed<4, 1>>,
                        Dense<2, bf::Linear, bf::Delayed<0, 2>>>;
  add("gated_int8", Gated(), int8);
  add("gated_q15", Gated(), q15);
  scaled.weights = bf::WeightFormat::Int8;
  add("elman_int8", bf::Elman<float, 2, 5, 1>(), scaled);
  Eigen::MatrixXd indices(1, 20);
  for (int i = 0; i < 20; ++i) indices(i) = i * 5 % 7;
  using Text = bf::Rnn<float, Input<1>, bf::Embedding<4, 7>, bf::MinGru<4>, bf::LayerNorm<4>,
                       bf::Dropout<4>, bf::Residual<4, 1>, Dense<7, bf::Softmax>>;
  add("text", Text(), {}, indices);
  add("text_q15", Text(), q15, indices);

  std::ofstream(folder + "check.cpp")
      << includes
      << "\n#include <cstdio>\n\nint failures = 0;\n\ntemplate <class S>\nvoid compare(const char* "
         "name, const S* y, const S* expected, int n) {\n  const S allowed = sizeof(S) == 4 ? "
         "S(1e-6) : S(1e-12);\n  for (int i = 0; i < n; ++i) {\n    const S size = expected[i] < 0 "
         "? -expected[i] : expected[i];\n    const S difference = y[i] < expected[i] ? expected[i] "
         "- y[i] : y[i] - expected[i];\n    if (difference <= allowed * (size > 1 ? size : S(1))) "
         "continue;\n    std::printf(\"%s: expected %.9g, got %.9g\\n\", name, "
         "double(expected[i]), "
         "double(y[i]));\n    ++failures;\n  }\n}\n\nint main() {\n"
      << checks << "  return failures != 0;\n}\n";
  return 0;
}
