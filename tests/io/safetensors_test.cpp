// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/load_any.hpp>
#include <backfold/io/safetensors.hpp>

#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"
#include "temporary_file.hpp"
#include "without_checksum.hpp"

namespace bf = backfold;
using bf::Dense;
using bf::Input;
using Catch::Matchers::Contains;

namespace {

const std::string path = "backfold_io.safetensors";

/// The message with which a network refuses a file.
template <class Net>
std::string refused(const std::string& file, Net net) {
  try {
    bf::load(file, net);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

template <class Net>
Net drawn(Net net) {
  bf::Random random(3);
  net.initialize(bf::Glorot{}, random);
  return net;
}

template <class Net>
void require_round_trip(const Net& net) {
  const TemporaryFile file(path);
  bf::save(path, net);
  Net other = net;
  other.parameters().setZero();
  bf::load(path, other);
  REQUIRE((other.parameters().array() == net.parameters().array()).all());
}

using Small = bf::Mlp<double, bf::Input<2>, bf::Dense<2, bf::Tanh>, bf::Dense<1, bf::Sigmoid>>;

}  // namespace

TEST_CASE("a network that is saved and loaded has the same bits") {
  require_round_trip(drawn(Small()));
  require_round_trip(drawn(bf::Mlp<float, bf::Input<1>, bf::Dense<1, bf::Linear, bf::NoBias>>()));
  using Sized = bf::Mlp<float, bf::Input<bf::Dynamic>, bf::Dense<bf::Dynamic, bf::Elu>,
                        bf::Dense<bf::Dynamic, bf::Softmax, bf::From<0>>>;
  require_round_trip(drawn(Sized(3, 5, 2)));
}

TEST_CASE("recurrent networks are saved and loaded with the same bits") {
  using Mixed = bf::Rnn<double, bf::Input<2>, bf::Lstm<3>, bf::Gru<2>,
                        bf::Dense<4, bf::Tanh, bf::SelfRecurrent<1>, bf::Delayed<4, 2>>,
                        bf::Dense<2, bf::Linear>>;
  require_round_trip(drawn(Mixed()));
  bf::Rnn<double, bf::Input<2>, bf::Lstm<3, bf::LearntStart>, bf::Dense<2, bf::Linear>> starts;
  starts.start<1>() = numbers(starts.start<1>().rows(), starts.start<1>().cols(), 4);
  require_round_trip(starts);
}

TEST_CASE("layers with parameters of their own, without weights and with indices are saved") {
  using Text = bf::Rnn<float, bf::Input<1>, bf::Embedding<4, 7>, bf::MinGru<4>, bf::LayerNorm<4>,
                       bf::Dropout<4>, bf::Residual<4, 1>, bf::Dense<7, bf::Softmax>>;
  require_round_trip(drawn(Text()));
}

TEST_CASE("weights are stored as rows x columns under readable names") {
  const TemporaryFile file(path);
  bf::Rnn<double, bf::Input<2>, bf::Dense<3, bf::Tanh, bf::Recurrent<>, bf::Delayed<0, 4>>,
          bf::Dense<1, bf::Linear, bf::From<0>>>
      net;
  net = drawn(net);
  bf::save(path, net);
  const bf::TensorFile tensors(path);
  for (const char* name : {"layer1.weight", "layer1.recurrent", "layer1.weight_from_0_delay_4",
                           "layer1.bias", "layer2.weight", "layer2.weight_from_0", "layer2.bias"}) {
    INFO(name);
    REQUIRE(tensors.find(name) != nullptr);
  }
  REQUIRE(tensors.find("layer1.weight")->shape == std::vector<bf::Index>{3, 2});
  const std::vector<double> numbers = tensors.read<double>("layer1.weight");
  for (bf::Index i = 0; i < 3; ++i) {
    for (bf::Index j = 0; j < 2; ++j) {
      REQUIRE(numbers[static_cast<std::size_t>(2 * i + j)] == (net.weights<1, 0>()(i, j)));
    }
  }
}

TEST_CASE("what is kept with a network comes back") {
  const TemporaryFile file(path);
  const Eigen::MatrixXd X = numbers(2, 9, 1), Z = numbers(1, 9, 2);
  bf::ModelInfo info;
  info.input_scaling = bf::Scaling(X);
  info.target_scaling = bf::Scaling(Z, {.kind = bf::ScalingKind::MinMax, .low = -1, .high = 1});
  info.inputs = {"length", "Größe"};
  info.outputs = {"price"};
  info.classes = {"no", "yes"};
  info.example = X.leftCols(3);
  Small net = drawn(Small());
  bf::save(path, net, info);
  const bf::ModelInfo got = bf::load(path, net);
  REQUIRE(got.input_scaling == info.input_scaling);
  REQUIRE(got.target_scaling == info.target_scaling);
  REQUIRE(got.inputs == info.inputs);
  REQUIRE(got.outputs == info.outputs);
  REQUIRE(got.classes == info.classes);
  REQUIRE(got.example == info.example);
  REQUIRE(got.example_outputs.cols() == 3);
  REQUIRE(got.version == "0.1.0");
}

TEST_CASE("a file of Dropout per step does not load into Dropout per sequence, nor back") {
  using Step = bf::Mlp<double, Input<2>, bf::Dropout<2>, Dense<1, bf::Sigmoid>>;
  using Sequence =
      bf::Mlp<double, Input<2>, bf::Dropout<2, bf::MaskOver::Sequence>, Dense<1, bf::Sigmoid>>;
  require_round_trip(drawn(Step()));
  require_round_trip(drawn(Sequence()));
  const TemporaryFile file(path);
  bf::save(path, drawn(Step()));
  REQUIRE_THAT(
      refused(path, Sequence()),
      Contains(R"(layer 1: form is "per step" in the file, "per sequence" in the network)"));
  bf::save(path, drawn(Sequence()));
  REQUIRE_THAT(
      refused(path, Step()),
      Contains(R"(layer 1: form is "per sequence" in the file, "per step" in the network)"));
  REQUIRE(bf::load_any<double>(path).parameters().size() == Step().parameter_count());

  // Earlier versions wrote no form.
  std::string content = without_checksum(content_of(path));
  const std::string form = R"(\"form\")";
  REQUIRE(content.find(form) != std::string::npos);
  content.replace(content.find(form), form.size(), R"(\"f0rm\")");
  const TemporaryFile old(path + ".old", content);
  REQUIRE(refused(old.path, Step()) == "nothing was thrown");
  REQUIRE(refused(old.path, Sequence()) == "nothing was thrown");
}

TEST_CASE("the first difference between a file and a network is named") {
  const TemporaryFile file(path);
  bf::save(path, drawn(Small()));
  using bf::Dense;
  using bf::Input;
  using Units = bf::Mlp<double, Input<2>, Dense<3, bf::Tanh>, Dense<1, bf::Sigmoid>>;
  REQUIRE_THAT(refused(path, Units()),
               Contains("layer 1: units is 2 in the file, 3 in the network"));
  using Relu = bf::Mlp<double, Input<2>, Dense<2, bf::Relu>, Dense<1, bf::Sigmoid>>;
  REQUIRE_THAT(refused(path, Relu()), Contains("layer 1: activation is \"Tanh\" in the file, "
                                               "\"Relu\" in the network"));
  using Skip = bf::Mlp<double, Input<2>, Dense<2, bf::Tanh>, Dense<1, bf::Sigmoid, bf::From<0>>>;
  REQUIRE_THAT(refused(path, Skip()), Contains("layer 2: connections is ["));
  using Bare = bf::Mlp<double, Input<2>, Dense<2, bf::Tanh, bf::NoBias>, Dense<1, bf::Sigmoid>>;
  REQUIRE_THAT(refused(path, Bare()), Contains("layer 1: bias_columns is 1 in the file, none in"));
  using Deeper =
      bf::Mlp<double, Input<2>, Dense<2, bf::Tanh>, Dense<1, bf::Sigmoid>, Dense<1, bf::Linear>>;
  REQUIRE_THAT(refused(path, Deeper()), Contains("a network of 3 layers, this one has 4"));
  const Small steep(Input<2>(), Dense<2, bf::Tanh>(bf::Tanh{.slope = 2}), Dense<1, bf::Sigmoid>());
  REQUIRE_THAT(refused(path, steep), Contains("settings is {\"slope\":1.0} in the file"));
}

TEST_CASE("doubles are rounded to floats only when asked for") {
  using Single = bf::Mlp<float, bf::Input<2>, bf::Dense<2, bf::Tanh>, bf::Dense<1, bf::Sigmoid>>;
  const TemporaryFile file(path);
  Small net = drawn(Small());
  bf::save(path, net);
  Single single;
  REQUIRE_THAT(refused(path, single), Contains("no float equals it"));
  bf::load(path, single, {.round = true});
  REQUIRE(single.parameters() == net.parameters().cast<float>());
  bf::save(path, single);
  bf::load(path, net);
  REQUIRE(net.parameters() == single.parameters().cast<double>());
}

TEST_CASE("a stored output that the network does not give is an error") {
  const TemporaryFile file(path);
  bf::save(path, drawn(Small()));
  std::string content = without_checksum(content_of(path));
  // The file's last number is an output; the bit is one of its exponent.
  content[content.size() - 1] = static_cast<char>(content[content.size() - 1] ^ 0x40);
  const TemporaryFile damaged("backfold_io_damaged.safetensors", content);
  REQUIRE_THAT(refused(damaged.path, Small()), Contains("should be") && Contains("gives"));
}

TEST_CASE("networks that amplify rounding are loaded in another scalar") {
  const TemporaryFile file(path);
  const auto require_loaded = [&](auto in_float, auto in_double, const bf::ModelInfo& info) {
    bf::save(path, in_float, info);
    REQUIRE_NOTHROW(bf::load(path, in_double));
    REQUIRE_NOTHROW((void)bf::load_any<double>(path));
    REQUIRE_NOTHROW((void)bf::load_any<float>(path));
    in_double.parameters() = in_float.parameters().template cast<double>();
    bf::save(path, in_double, info);
    REQUIRE_NOTHROW(bf::load(path, in_float));
    REQUIRE_NOTHROW((void)bf::load_any<float>(path));
  };
  bf::Random random(1);
  // Large weights of an output layer, whose terms cancel in some of the many outputs.
  bf::Mlp<float, Input<20>, Dense<100, bf::Tanh>, Dense<500, bf::Linear>> wide;
  wide.initialize(bf::Glorot{}, random);
  wide.parameters().tail(500 * 101) *= 1e6f;
  require_loaded(wide, bf::Mlp<double, Input<20>, Dense<100, bf::Tanh>, Dense<500, bf::Linear>>(),
                 {});
  // A chaotic recurrence.
  bf::Elman<float, 1, 32, 1> chaotic;
  chaotic.initialize(bf::Uniform{-1, 1}, random);
  require_loaded(chaotic, bf::Elman<double, 1, 32, 1>(), {.example = numbers(1, 100, 3)});
}

TEST_CASE("a network with an output that is not finite is not saved") {
  const TemporaryFile file(path);
  bf::Mlp<float, Input<1>, Dense<2, bf::Linear>> net;
  net.parameters().setConstant(1e38f);
  REQUIRE_NOTHROW(bf::save(path, net));
  REQUIRE(said([&] { bf::save(path, net, {.example = Eigen::MatrixXd::Constant(1, 1, 10)}); }) ==
          "save: the outputs for the example are not finite");
  // An example that is finite as doubles alone.
  REQUIRE(said([&] { bf::save(path, net, {.example = Eigen::MatrixXd::Constant(1, 1, 1e39)}); }) ==
          "save: the outputs for the example are not finite");
}

TEST_CASE("wrong use of save is refused") {
  Small net = drawn(Small());
  const auto with = [&](const bf::ModelInfo& info) {
    return said([&] { bf::save("backfold_not_written", net, info); });
  };
  REQUIRE(with({.inputs = {"one"}}) == "save: 1 names of inputs for a network of 2 inputs");
  REQUIRE(with({.classes = {"a", "b", "c"}}) == "save: 3 classes for a network of 1 outputs");
  REQUIRE_THAT(with({.outputs = {"\xff"}}), Contains("is not UTF-8"));
  REQUIRE_THAT(with({.input_scaling = bf::Scaling(Eigen::MatrixXd(numbers(3, 4, 3)))}),
               Contains("3 features in the scaling of inputs for a network of 2 inputs"));
  net.parameters()(0) = std::numeric_limits<double>::infinity();
  REQUIRE(with({}) == "save: the network has parameters that are not finite");
}
