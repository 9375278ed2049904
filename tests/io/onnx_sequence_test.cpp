// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/onnx.hpp>

#include "catch.hpp"
#include "onnx_interpreter.hpp"
#include "onnx_networks.hpp"

namespace bf = backfold;
using bf::Dense;
using bf::Input;
using bf::Linear;
using bf::Tanh;

namespace {

constexpr auto sequence = bf::OnnxRun::Sequence;

template <class S>
bf::OnnxOptions with_scalar(bf::OnnxOptions options) {
  options.scalar = std::is_same_v<S, double> ? bf::OnnxScalar::Double : bf::OnnxScalar::Float;
  return options;
}

/// Columns of some steps become steps × batch × features.
OnnxTensor steps_of(const Eigen::MatrixXd& columns, bf::Index batch) {
  return {{columns.cols() / batch, batch, columns.rows()}, rows_of(columns).numbers};
}

double relative(const Eigen::MatrixXd& difference, const Eigen::MatrixXd& expected) {
  if (difference.size() == 0) return 0;  // a network without states
  return difference.cwiseAbs().maxCoeff() / std::max(1.0, expected.cwiseAbs().maxCoeff());
}

/// The largest difference between outputs and last states of a network, and of its file over
/// sequences that it runs in parts.
template <class Net>
double sequence_difference(const Net& net, bf::Index batch, const std::vector<bf::Index>& parts,
                           bf::OnnxOptions options = {}) {
  using S = typename Net::Scalar;
  options = with_scalar<S>(options);
  options.run = sequence;
  const OnnxFile file(bytes_of(net, options));
  bf::Index steps = 0;
  for (const bf::Index part : parts) steps += part;
  const Eigen::MatrixXd X = drawn_inputs(net.inputs(), steps * batch);
  Eigen::MatrixXd scaled = X;
  if (options.input_scaling.size() > 0) options.input_scaling.apply_in_place(scaled);
  bf::Workspace<Net> workspace(net, batch, steps);
  bf::State<Net> state(net, batch);
  Eigen::MatrixXd Y = bf::run(net, scaled.cast<S>().eval(), steps, workspace, nullptr, &state)
                          .template cast<double>();
  if (options.target_scaling.size() > 0) options.target_scaling.invert_in_place(Y);

  auto values = first_states(file, steps_of(X.leftCols(batch), batch));
  double largest = 0;
  bf::Index done = 0;
  for (const bf::Index part : parts) {
    values["input"] = steps_of(X.middleCols(done * batch, part * batch), batch);
    const auto outputs = OnnxInterpreter::run(file, values);
    REQUIRE(outputs.at("output").shape == std::vector<long>{part, batch, net.outputs()});
    const auto expected = Y.middleCols(done * batch, part * batch);
    largest = std::max(largest, relative(columns_of(outputs.at("output")) - expected, expected));
    for (auto& [name, value] : values) {
      if (name != "input") value = outputs.at("next_" + name);
    }
    done += part;
  }
  std::vector<double> last;
  for (const auto& [name, shape] : file.inputs) {
    if (name == "input") continue;
    last.insert(last.end(), values.at(name).numbers.begin(), values.at(name).numbers.end());
  }
  const Eigen::VectorXd remembered = state.values().template cast<double>();
  REQUIRE(static_cast<bf::Index>(last.size()) == remembered.size());
  const Eigen::Map<const Eigen::VectorXd> found(last.data(), remembered.size());
  return std::max(largest, relative(found - remembered, remembered));
}

template <class Net>
void compare(const Net& given, const bf::OnnxOptions& options = {}) {
  const double most = 8 * allowed<typename Net::Scalar>;
  const Net net = drawn(given);
  REQUIRE(sequence_difference(net, 1, {1}, options) < most);
  REQUIRE(sequence_difference(net, 3, {5, 1, 7}, options) < most);
}

template <class Net>
std::string refused_sequence(const Net& net) {
  return refused(net, {.run = sequence});
}

}  // namespace

TEMPLATE_TEST_CASE("a file of sequences gives outputs and last states", "", float, double) {
  using S = TestType;
  compare(bf::Elman<S, 2, 5, 1>());
  compare(bf::Rnn<S, Input<2>, Dense<4, bf::Relu, bf::Recurrent<>, bf::NoBias>>());
  compare(bf::Rnn<S, Input<2>, Dense<4, bf::Sigmoid, bf::Recurrent<>>, Dense<1, Linear>>());
  compare(bf::Rnn<S, Input<2>, bf::Lstm<4>, Dense<1, Linear>>());
  compare(bf::Rnn<S, Input<2>, bf::Lstm<1, bf::NoBias>>());
  compare(bf::Rnn<S, Input<2>, bf::Gru<4>, bf::Gru<3, bf::NoBias, bf::From<0>>>());
  compare(bf::Rnn<S, Input<3>, Dense<4, Tanh>, bf::Lstm<4>, bf::LayerNorm<4>, bf::Dropout<4>,
                  bf::Gru<3>, Dense<3, Tanh, bf::Recurrent<>, bf::From<1>>,
                  Dense<2, bf::Softmax, bf::From<0>>>());
  compare(
      bf::Rnn<S, Input<bf::Dynamic>, bf::Lstm<bf::Dynamic>, Dense<bf::Dynamic, Linear>>(2, 3, 1));
  compare(bf::Rnn<S, Input<2>, bf::Gru<3>, Dense<1, Linear>>(), {.opset = 13});
  compare(bf::Mlp<S, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>());
}

TEMPLATE_TEST_CASE("slopes become factors of an operator's weights", "", float, double) {
  using S = TestType;
  using Steep = Dense<3, Tanh, bf::Recurrent<>>;
  using Flat = Dense<2, bf::Sigmoid, bf::Recurrent<>>;
  const bf::Rnn<S, Input<2>, Steep, Flat> net(Input<2>{}, Steep{Tanh{.slope = 1.5}},
                                              Flat{bf::Sigmoid{.slope = 0.3}});
  compare(net);
}

TEMPLATE_TEST_CASE("sources without weights, with few or with a table join the input of RNN", "",
                   float, double) {
  using S = TestType;
  compare(bf::Rnn<S, Input<2>, Dense<3, Tanh>, Dense<3, Tanh, bf::Recurrent<>, bf::Add<1>>>());
  compare(bf::Rnn<S, Input<3>, Dense<3, Tanh, bf::Direct, bf::Recurrent<>>>());
}

TEST_CASE("an index selects a column of a cell's weights in a file of sequences") {
  const auto net = drawn(bf::Rnn<double, Input<1>, bf::Lstm<3, bf::Lookup<5>>, bf::Gru<2>>());
  Eigen::MatrixXd indices(1, 8);
  indices << 0, 4, 2, 1, 3, 4, 0, 2;
  bf::Workspace<std::remove_const_t<decltype(net)>> workspace(net, 2, 4);
  const Eigen::MatrixXd Y = bf::run(net, indices, 4, workspace);
  const OnnxFile file(bytes_of(net, with_scalar<double>({.run = sequence})));
  auto values = first_states(file, steps_of(indices.leftCols(2), 2));
  values["input"] = steps_of(indices, 2);
  const auto outputs = OnnxInterpreter::run(file, values);
  REQUIRE(relative(columns_of(outputs.at("output")) - Y, Y) < 1e-14);
}

TEST_CASE("scalings are part of a file of sequences") {
  bf::OnnxOptions options;
  options.input_scaling =
      bf::Scaling(Eigen::MatrixXd(100 + 5 * drawn_inputs(2, 30).array()), {.low = -1});
  options.target_scaling = bf::Scaling(Eigen::MatrixXd(20 * drawn_inputs(1, 30)));
  compare(bf::Rnn<double, Input<2>, bf::Lstm<3>, Dense<1, Linear>>(), options);
  compare(bf::Elman<float, 2, 4, 1>(), options);
}

TEMPLATE_TEST_CASE("a learnt start is a constant output of a file of sequences", "", float,
                   double) {
  using S = TestType;
  using Net = bf::Rnn<S, Input<2>, bf::Lstm<3, bf::LearntStart>, bf::Gru<2>,
                      Dense<2, Tanh, bf::Recurrent<>, bf::LearntStart>>;
  compare(Net());
  const Net net = drawn(Net());
  const OnnxFile file(bytes_of(net, with_scalar<S>({.run = sequence})));
  REQUIRE(file.outputs.size() == 8);
  REQUIRE(file.outputs[5].first == "start_state_1");
  REQUIRE(file.outputs[6] == OnnxFile::Values::value_type{"start_memory_1", {"1", "3"}});
  REQUIRE(file.outputs[7].first == "start_state_3");
  const OnnxTensor& memory = file.constants.at("memory_1.start");
  REQUIRE(memory.numbers[2] == static_cast<double>(net.template start<1>()(2, 1)));
}

TEST_CASE("a file of steps goes on where a file of sequences ends") {
  const auto net =
      drawn(bf::Rnn<double, Input<2>, bf::Lstm<3>, bf::Gru<4>, Dense<2, Tanh, bf::Recurrent<>>>());
  const OnnxFile sequences(bytes_of(net, with_scalar<double>({.run = sequence})));
  const OnnxFile steps(bytes_of(net, with_scalar<double>({})));
  const Eigen::MatrixXd X = drawn_inputs(2, 7);
  bf::Workspace<std::remove_const_t<decltype(net)>> workspace(net, 1, 7);
  const Eigen::MatrixXd Y = bf::run(net, X, 7, workspace);
  auto values = first_states(sequences, steps_of(X.leftCols(1), 1));
  values["input"] = steps_of(X.leftCols(6), 1);
  const auto outputs = OnnxInterpreter::run(sequences, values);
  for (auto& [name, value] : values) {
    if (name != "input") value = outputs.at("next_" + name);
  }
  values["input"] = rows_of(X.rightCols(1));
  const auto last = OnnxInterpreter::run(steps, values);
  REQUIRE(relative(columns_of(last.at("output")) - Y.rightCols(1), Y) < 1e-14);
}

TEST_CASE("a file of sequences has these nodes, names and numbers") {
  const auto net =
      drawn(bf::Rnn<float, Input<2>, Dense<5, Tanh>, bf::Lstm<4>, bf::Gru<3>, Dense<1, Linear>>());
  const OnnxFile file(bytes_of(net, {.run = sequence}));
  REQUIRE(file.inputs == OnnxFile::Values{{"input", {"steps", "batch", "2"}},
                                          {"state_2", {"batch", "4"}},
                                          {"memory_2", {"batch", "4"}},
                                          {"state_3", {"batch", "3"}}});
  REQUIRE(file.outputs == OnnxFile::Values{{"output", {"steps", "batch", "1"}},
                                           {"next_state_2", {"batch", "4"}},
                                           {"next_memory_2", {"batch", "4"}},
                                           {"next_state_3", {"batch", "3"}}});
  REQUIRE(file.operations() ==
          "MatMul Add Tanh Unsqueeze Unsqueeze LSTM Squeeze Squeeze Squeeze "
          "Unsqueeze GRU Squeeze Squeeze MatMul Add Identity Identity Identity Identity");
  const OnnxFile::Node& lstm = file.nodes[5];
  REQUIRE(lstm.inputs == std::vector<std::string>{"layer1.Tanh", "layer2.W", "layer2.R", "layer2.B",
                                                  "", "layer2.Unsqueeze", "layer2.Unsqueeze_2"});
  REQUIRE(lstm.attributes.size() == 1);
  // Our gates i, f, g, o and the operator's i, o, f, c: row 1 of o is row 4 + 1 there.
  const OnnxTensor& w = file.constants.at("layer2.W");
  REQUIRE(w.shape == std::vector<long>{1, 16, 5});
  REQUIRE(w.numbers[5 * 5 + 3] == double(net.weights<2>()(12 + 1, 3)));
  const OnnxTensor& bias = file.constants.at("layer2.B");
  REQUIRE(bias.shape == std::vector<long>{1, 32});
  REQUIRE(bias.numbers[16 + 5] == double(net.bias<2>()(16 + 12 + 1)));
}

TEST_CASE("layers without an operator for sequences are refused by number and reason") {
  const std::string expected = "; expected OnnxRun::Step, which writes one step of it";
  const auto back = "ONNX's operators for sequences lead back only to the layer itself" + expected;
  REQUIRE(refused_sequence(
              bf::Rnn<float, Input<2>, Dense<3, Tanh>, Dense<3, Tanh, bf::Recurrent<3>>>()) ==
          "onnx: layer 2 has a connection from itself, 3 steps ago, but ONNX's operators for "
          "sequences lead back one step only" +
              expected);
  REQUIRE(refused_sequence(
              bf::Rnn<float, Input<2>, Dense<3, Tanh, bf::Delayed<2>>, Dense<1, Linear>>()) ==
          "onnx: layer 1 has a connection from layer 2, 1 step ago, but " + back);
  REQUIRE(refused_sequence(
              bf::Rnn<float, Input<2>, bf::Gru<3>, Dense<1, Linear, bf::Delayed<0, 2>>>()) ==
          "onnx: layer 2 has a connection from layer 0, 2 steps ago, but " + back);
  using Through =
      bf::Rnn<float, Input<2>, bf::Lstm<4, bf::Through<2>>, bf::Dropout<4>, Dense<1, Linear>>;
  REQUIRE(refused_sequence(Through()) ==
          "onnx: layer 1 has a connection from layer 2, 1 step ago, but " + back);
  REQUIRE(refused_sequence(
              bf::Rnn<float, Input<2>, Dense<3, Tanh, bf::SelfRecurrent<>, bf::Name<"core">>>()) ==
          "onnx: layer 1 \"core\" has a connection from each unit to itself, but ONNX's operators "
          "for sequences lead back from every unit to every unit" +
              expected);
  REQUIRE(refused_sequence(bf::Rnn<float, Input<2>, Dense<3, Tanh, bf::Add<1, 1>>>()) ==
          "onnx: layer 1 has a connection from each unit to itself, but ONNX's operators "
          "for sequences lead back from every unit to every unit" +
              expected);
  REQUIRE(refused_sequence(bf::Rnn<float, Input<2>, bf::MinGru<3>, Dense<1, Linear>>()) ==
          "onnx: layer 1 has the type MinGru, but ONNX has no operator for it" + expected);
  REQUIRE(refused_sequence(bf::Rnn<float, Input<2>, Dense<3, bf::Elu, bf::Recurrent<>>>()) ==
          "onnx: layer 1 has the activation Elu, but ONNX's operator RNN has Tanh, Sigmoid and "
          "Relu" +
              expected);
  bf::Elman<double, 2, 3, 1> large;
  large.parameters().setConstant(1e39);
  REQUIRE_THAT(refused_sequence(large),
               Catch::Matchers::Contains("onnx: layer1.W has the number 1e+39"));
}
