// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/onnx.hpp>
#include <limits>

#include "catch.hpp"
#include "numbers.hpp"
#include "onnx_interpreter.hpp"
#include "onnx_networks.hpp"
#include "own_types.hpp"
#include "softsign.hpp"

namespace bf = backfold;
using bf::Dense;
using bf::Input;
using Catch::Matchers::Contains;

using namespace own_types;

namespace {

/// The largest difference between the outputs of a network and of its file.
template <class Net>
double difference_of(const Net& net, const Eigen::MatrixXd& X, bf::OnnxOptions options = {}) {
  using S = typename Net::Scalar;
  const bool is_double = std::is_same_v<S, double>;
  options.scalar = is_double ? bf::OnnxScalar::Double : bf::OnnxScalar::Float;
  const OnnxFile file(bytes_of(net, options));
  Eigen::MatrixXd scaled = X;
  if (options.input_scaling.size() > 0) options.input_scaling.apply_in_place(scaled);
  Eigen::MatrixXd Y = net(scaled.cast<S>().eval()).template cast<double>();
  if (options.target_scaling.size() > 0) options.target_scaling.invert_in_place(Y);
  const auto outputs = OnnxInterpreter::run(file, {{"input", rows_of(X)}});
  return (columns_of(outputs.at("output")) - Y).cwiseAbs().maxCoeff() /
         std::max(1.0, Y.cwiseAbs().maxCoeff());
}

/// The same for a recurrent network over some steps, the states handed from call to call.
template <class Net>
double step_difference(const Net& net, bf::Index batch, const bf::OnnxOptions& given = {}) {
  using S = typename Net::Scalar;
  bf::OnnxOptions options = given;
  options.scalar = std::is_same_v<S, double> ? bf::OnnxScalar::Double : bf::OnnxScalar::Float;
  const OnnxFile file(bytes_of(net, options));
  bf::State<Net> state(net, batch);
  auto values = first_states(file, rows_of(Eigen::MatrixXd::Zero(net.inputs(), batch)));
  double largest = 0;
  for (int t = 0; t < 9; ++t) {
    const Eigen::MatrixXd X = drawn_inputs(net.inputs(), 9 * batch).middleCols(t * batch, batch);
    const Eigen::MatrixXd Y = bf::step(net, X.cast<S>().eval(), state).template cast<double>();
    values["input"] = rows_of(X);
    const auto outputs = OnnxInterpreter::run(file, values);
    for (auto& [name, value] : values) {
      if (name != "input") value = outputs.at("next_" + name);
    }
    const double size = std::max(1.0, Y.cwiseAbs().maxCoeff());
    largest =
        std::max(largest, (columns_of(outputs.at("output")) - Y).cwiseAbs().maxCoeff() / size);
  }
  return largest;
}

template <class S, class Activation>
void compare_activation(const Activation& activation) {
  CAPTURE(Activation::name);
  const auto net = drawn(bf::Mlp<S, Input<3>, Dense<4, Activation>, Dense<2, bf::Linear>>{
      Input<3>{}, Dense<4, Activation>{activation}, Dense<2, bf::Linear>{}});
  REQUIRE(difference_of(net, drawn_inputs(3, 9)) < allowed<S>);
  REQUIRE(difference_of(net, drawn_inputs(3, 1), {.opset = 13}) < allowed<S>);
}

}  // namespace

TEST_CASE("a perceptron's file holds these nodes, names and numbers") {
  const auto net = drawn(bf::Mlp<float, Input<2>, Dense<8, bf::Tanh>, Dense<1, bf::Linear>>());
  const std::string bytes = bytes_of(net);
  const OnnxFile file(bytes);
  REQUIRE(file.ir_version == 8);
  REQUIRE(file.opset == 17);
  REQUIRE(file.operations() == "MatMul Add Tanh MatMul Add Identity");
  REQUIRE(file.nodes[0].inputs == std::vector<std::string>{"input", "layer1.weight"});
  REQUIRE(file.nodes[1].inputs == std::vector<std::string>{"layer1.MatMul", "layer1.bias"});
  REQUIRE(file.nodes[5].outputs == std::vector<std::string>{"output"});
  REQUIRE(file.inputs == OnnxFile::Values{{"input", {"batch", "2"}}});
  REQUIRE(file.outputs == OnnxFile::Values{{"output", {"batch", "1"}}});
  const OnnxTensor& w = file.constants.at("layer1.weight");
  REQUIRE(w.shape == std::vector<long>{2, 8});
  REQUIRE(w.numbers[8 + 3] == double(net.weights<1>()(3, 1)));
  REQUIRE(file.types.at("layer1.weight") == 1);
  REQUIRE(bytes.size() == 657);
}

TEMPLATE_TEST_CASE("files give the outputs of networks with each activation", "", float, double) {
  compare_activation<TestType>(bf::Linear{});
  compare_activation<TestType>(bf::Tanh{});
  compare_activation<TestType>(bf::Tanh{.slope = 0.7});
  compare_activation<TestType>(bf::Sigmoid{.slope = 1.3});
  compare_activation<TestType>(bf::Relu{});
  compare_activation<TestType>(bf::LeakyRelu{});
  compare_activation<TestType>(bf::LeakyRelu{.slope = 0.25});
  compare_activation<TestType>(bf::Elu{});
  compare_activation<TestType>(bf::Elu{.alpha = 0.3});
  compare_activation<TestType>(bf::Gelu{});
  compare_activation<TestType>(bf::Silu{});
  compare_activation<TestType>(bf::Softplus{});
  compare_activation<TestType>(bf::Softmax{});
}

TEMPLATE_TEST_CASE("files give the outputs of networks with each layer and connection", "", float,
                   double) {
  using bf::Tanh;
  const auto skips = drawn(bf::Mlp<TestType, Input<3>, Dense<4, Tanh>, Dense<4, Tanh, bf::NoBias>,
                                   bf::Residual<4, 1>, Dense<2, bf::Softmax, bf::From<0>>>());
  REQUIRE(difference_of(skips, drawn_inputs(3, 7)) < allowed<TestType>);
  const auto normed = drawn(bf::Mlp<TestType, Input<3>, Dense<5, bf::Relu>, bf::LayerNorm<5>,
                                    bf::Dropout<5>, Dense<1, Tanh, bf::After<2>>>());
  for (const int opset : {13, 14, 15, 16, 17}) {
    REQUIRE(difference_of(normed, drawn_inputs(3, 7), {.opset = opset}) < 3 * allowed<TestType>);
  }
  const auto one = drawn(bf::Mlp<TestType, Input<1>, Dense<1, Tanh>>());
  REQUIRE(difference_of(one, drawn_inputs(1, 1)) < allowed<TestType>);
  using Sized = bf::Mlp<TestType, Input<bf::Dynamic>, Dense<bf::Dynamic, Tanh>,
                        Dense<bf::Dynamic, bf::Linear>>;
  REQUIRE(difference_of(drawn(Sized(3, 4, 2)), drawn_inputs(3, 2)) < allowed<TestType>);
  Eigen::MatrixXd indices(1, 6);
  indices << 0, 4, 2, 1, 3, 4;
  const auto text = drawn(bf::Mlp<TestType, Input<1>, bf::Embedding<3, 5>, Dense<2, Tanh>>());
  REQUIRE(difference_of(text, indices) < allowed<TestType>);
}

TEST_CASE("a dropout at the end is left out of a file, and an input can be an output") {
  const auto net = drawn(bf::Mlp<float, Input<2>, bf::Dropout<2>>());
  REQUIRE(OnnxFile(bytes_of(net)).operations() == "Identity");
  REQUIRE(difference_of(net, drawn_inputs(2, 3)) == 0);
}

TEMPLATE_TEST_CASE("a recurrent network's file gives its steps", "", float, double) {
  using S = TestType;
  using bf::Linear;
  using bf::Tanh;
  const auto compare = [](const auto& net) {
    const auto given = drawn(net);
    for (const bf::Index batch : {1, 3}) REQUIRE(step_difference(given, batch) < 4 * allowed<S>);
    REQUIRE(step_difference(given, 2, {.opset = 13}) < 4 * allowed<S>);
  };
  compare(bf::Elman<S, 2, 5, 1>());
  compare(bf::Rnn<S, Input<2>, bf::Lstm<4>, Dense<1, Linear>>());
  compare(bf::Rnn<S, Input<2>, bf::Lstm<1, bf::NoBias>>());
  compare(bf::Rnn<S, Input<2>, bf::Gru<4>, bf::Gru<3, bf::NoBias, bf::From<0>>>());
  compare(bf::Rnn<S, Input<2>, bf::MinGru<4>, Dense<1, Linear>>());
  compare(bf::Rnn<S, Input<2>, bf::MinGru<2, bf::Add<0>, bf::SelfRecurrent<2>>>());
  compare(bf::Rnn<S, Input<2>, bf::Lstm<4, bf::Through<2>>, bf::Dropout<4>, Dense<1, Linear>>());
  compare(bf::Rnn<S, Input<2>, bf::Gru<4, bf::Through<2>>, bf::Dropout<4>, Dense<1, Linear>>());
  compare(bf::Rnn<S, Input<2>, Dense<3, Tanh, bf::Recurrent<3>>, Dense<1, Linear>>());
  compare(bf::Rnn<S, Input<2>, bf::Lstm<3, bf::LearntStart>,
                  Dense<3, Tanh, bf::Recurrent<2>, bf::LearntStart>, Dense<1, Linear>>());
  compare(bf::Rnn<S, Input<2>, Dense<3, Tanh, bf::SelfRecurrent<1>, bf::Delayed<2, 2>>,
                  Dense<1, Linear, bf::Delayed<0, 2>>>());
  compare(
      bf::Rnn<S, Input<bf::Dynamic>, bf::Lstm<bf::Dynamic>, Dense<bf::Dynamic, Linear>>(2, 3, 1));
}

TEST_CASE("the states of a step have names, and older outputs move one step on") {
  const auto net = drawn(bf::Rnn<float, Input<2>, bf::Lstm<4>, Dense<3, bf::Tanh, bf::Recurrent<2>>,
                                 Dense<1, bf::Linear>>());
  const std::string bytes = bytes_of(net);
  const OnnxFile file(bytes);
  REQUIRE(file.inputs == OnnxFile::Values{{"input", {"batch", "2"}},
                                          {"state_1", {"batch", "4"}},
                                          {"memory_1", {"batch", "4"}},
                                          {"state_2", {"batch", "3"}},
                                          {"state_2_delay_2", {"batch", "3"}}});
  REQUIRE(file.outputs == OnnxFile::Values{{"output", {"batch", "1"}},
                                           {"next_state_1", {"batch", "4"}},
                                           {"next_memory_1", {"batch", "4"}},
                                           {"next_state_2", {"batch", "3"}},
                                           {"next_state_2_delay_2", {"batch", "3"}}});
  REQUIRE(file.operations() ==
          "MatMul MatMul Add Add Split Sigmoid Mul Sigmoid Tanh Mul Add Sigmoid Tanh Mul "
          "MatMul MatMul Add Add Tanh MatMul Add Identity Identity Identity Identity Identity");
  REQUIRE(file.nodes.back().inputs == std::vector<std::string>{"state_2"});
  REQUIRE(bytes.size() == 2803);
}

TEST_CASE("layer normalisation is one operator from opset 17 on") {
  const auto net = drawn(bf::Mlp<float, Input<2>, bf::LayerNorm<2>>());
  REQUIRE(OnnxFile(bytes_of(net)).operations() == "LayerNormalization Identity");
  REQUIRE(OnnxFile(bytes_of(net, {.opset = 16})).operations() ==
          "ReduceMean Sub ReduceMean Sub Mul ReduceMean Add Sqrt Div Mul Add Identity");
}

TEST_CASE("scalings are part of the graph") {
  // A mean that is large relative to the width: its float alone would shift the input by a tenth.
  Eigen::MatrixXd X = drawn_inputs(2, 40);
  X.row(0) = (1e6 + X.row(0).array() / 3).cast<float>().cast<double>();
  Eigen::MatrixXd Z = drawn_inputs(1, 40) * 20;
  const auto net = drawn(bf::Mlp<float, Input<2>, Dense<4, bf::Tanh>, Dense<1, bf::Linear>>());
  const auto precise = drawn(bf::Mlp<double, Input<2>, Dense<4, bf::Tanh>, Dense<1, bf::Linear>>());
  for (const auto kind :
       {bf::ScalingKind::Standard, bf::ScalingKind::MinMax, bf::ScalingKind::Unchanged}) {
    bf::OnnxOptions options;
    options.input_scaling = bf::Scaling(X, {.kind = kind, .low = -1});
    options.target_scaling = bf::Scaling(Z, {.kind = kind, .low = 0.25});
    if (kind == bf::ScalingKind::Unchanged) {
      REQUIRE(OnnxFile(bytes_of(net, options)).operations() ==
              "MatMul Add Tanh MatMul Add Identity");
    } else {
      REQUIRE(difference_of(net, X, options) < 5e-7);
      REQUIRE(difference_of(precise, X, options) < 1e-14);
    }
  }
}

TEST_CASE("a network of doubles becomes a file of floats or doubles") {
  const auto net = drawn(bf::Mlp<double, Input<2>, Dense<1, bf::LeakyRelu>>());
  const OnnxFile floats(bytes_of(net));
  REQUIRE(floats.types.at("input") == 1);
  REQUIRE(floats.constants.at("layer1.bias").numbers[0] == double(float(net.bias<1>()(0))));
  REQUIRE(floats.operations() == "MatMul Add LeakyRelu Identity");
  const OnnxFile doubles(bytes_of(net, {.scalar = bf::OnnxScalar::Double}));
  REQUIRE(doubles.types.at("input") == 11);
  REQUIRE(doubles.types.at("output") == 11);
  REQUIRE(doubles.constants.at("layer1.bias").numbers[0] == net.bias<1>()(0));
  // The attribute alpha is a float in any graph, which has no 0.01.
  REQUIRE(doubles.operations() == "MatMul Add Neg Relu Relu Mul Sub Identity");
}

TEST_CASE("layers and activations of a user's type are refused, whatever their name is") {
  const std::string expected = "; expected Dense, Lstm, Gru, MinGru, LayerNorm or Dropout";
  REQUIRE(refused(bf::Mlp<float, Input<2>, Dense<2, bf::Tanh>, Doubled>()) ==
          "onnx: layer 2 is of a type of your own" + expected);
  REQUIRE(refused(bf::Mlp<float, Input<2>, NamedDoubled>()) ==
          "onnx: layer 1 is of a type of your own, named Doubled" + expected);
  REQUIRE(refused(bf::Rnn<float, Input<2>, ForgetsAll>()) ==
          "onnx: layer 1 is of a type of your own, named Lstm" + expected);
  REQUIRE_THAT(refused(bf::Mlp<float, Input<2>, Dense<1, Softsign>>()),
               Contains("onnx: layer 1 has an activation that cannot be exported; expected"));
  REQUIRE_THAT(refused(bf::Mlp<float, Input<2>, Dense<1, OwnTanh>>()),
               Contains("onnx: layer 1 has an activation that cannot be exported, named Tanh; "
                        "expected the library's Linear, Sigmoid, Tanh"));
}

TEST_CASE("what a file cannot hold is refused with what was expected") {
  bf::Mlp<double, Input<2>, Dense<1, bf::Tanh>> net;
  REQUIRE(refused(net, {.opset = 12}) == "onnx: opset 12, expected 13 to 17");
  REQUIRE(refused(net, {.opset = 18}) == "onnx: opset 18, expected 13 to 17");
  const bf::Scaling three{numbers(3, 4, 1)};
  REQUIRE(refused(net, {.input_scaling = three}) ==
          "onnx: the scaling of inputs has 3 features, the network 2");
  REQUIRE(refused(net, {.target_scaling = three}) ==
          "onnx: the scaling of targets has 3 features, the network 1");
  const Eigen::VectorXd two = Eigen::VectorXd::Ones(2);
  const bf::Scaling narrow(bf::ScalingKind::Standard, two, 1e-50 * two, 0);
  REQUIRE_THAT(refused(net, {.input_scaling = narrow}), Contains("width 1e-50, which is 0"));
  net.parameters()(0) = 1e39;
  REQUIRE_THAT(refused(net), Contains("onnx: layer1.weight has the number 1e+39"));
  REQUIRE(refused(net, {.scalar = bf::OnnxScalar::Double}) == "nothing was thrown");
  std::remove("backfold_never_written.onnx");
  net.parameters()(0) = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(refused(net) == "onnx: the network has parameters that are not finite");
  REQUIRE_THAT(said([] { bf::detail::OnnxGraph::check_size(std::size_t{1} << 31); }),
               Contains("expected at most 2147418112"));
}
