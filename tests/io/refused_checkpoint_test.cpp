// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/checkpoint.hpp>
#include <backfold/io/load_any.hpp>
#include <backfold/io/safetensors.hpp>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "byte_visitor.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "own_types.hpp"
#include "temporary_file.hpp"

namespace bf = backfold;
using Catch::Matchers::Contains;

namespace {

const std::string path = "backfold_refused.checkpoint";

template <bf::Real S>
using Net = bf::Mlp<S, bf::Input<2>, bf::Dense<3, bf::Tanh>, bf::Dense<1, bf::Linear>>;

/// A hook of a user's, with values of several types and a condition on one.
struct OwnHook {
  bool is_on = false;
  std::int32_t small = 1;
  float level = 0.5f;
  std::vector<double> list = {1, 2};

  template <class T>
  void after_epoch(T&, const bf::EpochReport&) {}
  template <class Function>
  void for_each_value(const Function& f) {
    f("list", list);
    f("is_on", &is_on, bf::Index{1});
    f("small", &small, bf::Index{1});
    f("level", &level, bf::Index{1});
    if (level > 100) throw std::runtime_error("level above 100");
  }
};

/// A training with an optimizer and hooks, whose checkpoint is written after two epochs.
template <bf::Real S = double, class Optimizer = bf::Nesterov>
class Run {
 public:
  explicit Run(std::uint64_t seed = 2) {
    bf::Random random(seed);
    net.initialize(bf::Glorot{}, random);
  }

  void write() { training.run(2, stop, own, checkpoint); }

  /// The message with which begin refuses the file; REQUIREs that it has changed nothing.
  std::string refused() {
    const std::string before = bytes();
    std::string said = "nothing was thrown";
    try {
      checkpoint.begin(training);
    } catch (const std::runtime_error& error) {
      said = error.what();
      REQUIRE((bytes() == before));
    }
    return said;
  }

  std::string bytes() { return bytes_of(training, training.optimizer_state(), stop, own); }

  bf::Matrix<S> X = numbers(2, 7, 1).cast<S>(), Z = numbers(1, 7, 2).cast<S>();
  Net<S> net;
  bf::StopEarly stop = bf::StopEarly({.patience = 20});
  OwnHook own;
  bf::Checkpoint<bf::StopEarly, OwnHook> checkpoint{path, 1, stop, own};
  using Training =
      decltype(bf::Training(std::declval<Net<S>&>(), bf::HalfSquaredError{}, Optimizer{},
                            std::declval<bf::Samples<S>>(), bf::FitOptions{}));
  Training training{
      net, bf::HalfSquaredError{}, Optimizer{}, bf::Samples<S>(X, Z), {.batch_size = 3}};
};

/// Rewrites the file with one array, or text of the metadata, replaced.
template <class S>
void rewrite(const std::string& name, const std::vector<S>& values, const std::string& from = "",
             const std::string& to = "") {
  const bf::TensorFile read(path);
  bf::TensorWriter writer;
  for (const bf::TensorInfo& t : read.tensors()) {
    if (t.name == name) {
      const auto count = bf::Index(values.size());
      using Shape = std::vector<bf::Index>;
      writer.add(t.name, count == t.count ? t.shape : Shape{count}, values.data());
    } else if (t.type == "I64") {
      writer.add(t.name, t.shape, read.read_integers(t.name).data());
    } else if (t.type == "F32") {
      writer.add(t.name, t.shape, read.read<float>(t.name).data());
    } else {
      writer.add(t.name, t.shape, read.read<double>(t.name).data());
    }
  }
  for (auto [key, text] : read.metadata()) {
    if (!from.empty() && key == "backfold") {
      REQUIRE(text.find(from) != std::string::npos);
      text.replace(text.find(from), from.size(), to);
    }
    writer.set_metadata(key, text);
  }
  writer.write(path);
}

/// The message for a checkpoint with another array.
template <class S>
std::string refused_with(const std::string& name, const std::vector<S>& values) {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  Run<>().write();
  rewrite(name, values);
  return Run<>(9).refused();
}

using Integers = std::vector<std::int64_t>;
using Doubles = std::vector<double>;
constexpr double inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("a checkpoint with any invalid array is refused by name, and nothing is changed") {
  REQUIRE(refused_with("none", Doubles{}) == "nothing was thrown");
  const Integers order = {0, 1, 2, 3, 4, 5, 6};
  REQUIRE(refused_with("training.order", order) == "nothing was thrown");
  const std::string begin = path + ": ";
  REQUIRE(refused_with("training.order", Integers{0, 1, 2, 3, 4, 5, 5}) ==
          begin + "training: an order of 7 samples has sample 5 out of range or twice");
  REQUIRE(refused_with("training.order", Integers{0, 1, 2, 3, 4, 5, -1}) ==
          begin + "training: an order of 7 samples has sample -1 out of range or twice");
  REQUIRE(refused_with("training.order", Integers{0, 1, 2}) ==
          begin + "\"training.order\" has 3 numbers, this training 7");
  REQUIRE(refused_with("training.random", Integers{0, 0, 0, 0}) ==
          begin + "training: a generator's state cannot be all 0");
  REQUIRE(refused_with("training.epoch", Integers{-3}) ==
          begin + "training: the epoch cannot be -3");
  REQUIRE_THAT(refused_with("training.learning_rate", Doubles{-0.5}),
               Contains(begin + "Nesterov: learning_rate must be") && Contains("-0.5"));
  REQUIRE_THAT(refused_with("training.learning_rate", Doubles{inf}),
               Contains(begin + "Nesterov: learning_rate must be"));
}

TEST_CASE("a checkpoint of parameters that are not finite is refused") {
  for (const double number : {inf, -inf, std::numeric_limits<double>::quiet_NaN()}) {
    Doubles parameters(13, 0.5);
    REQUIRE(refused_with("training.parameters", parameters) == "nothing was thrown");
    parameters[12] = number;
    REQUIRE(refused_with("training.parameters", parameters) ==
            path + ": has parameters that are not finite");
  }
}

TEST_CASE("values of hooks that do not fit, or that a hook refuses, change nothing") {
  REQUIRE(refused_with("hook1.is_on", Integers{1}) == "nothing was thrown");
  REQUIRE(refused_with("hook1.is_on", Integers{2}) ==
          path + ": \"hook1.is_on\" holds 2, which does not fit into its type in this training");
  REQUIRE(refused_with("hook1.small", Integers{-2147483648}) == "nothing was thrown");
  REQUIRE_THAT(refused_with("hook1.small", Integers{-2147483649}), Contains("does not fit into"));
  REQUIRE(refused_with("hook1.level", std::vector<float>{101}) == "level above 100");
  REQUIRE(refused_with("hook1.level", Doubles{1}) ==
          path + ": \"hook1.level\" holds F64, this training F32");
  REQUIRE(refused_with("hook1.small", Doubles{1}) ==
          path + ": \"hook1.small\" holds F64, expected I64");
  REQUIRE(refused_with("hook1.list", Doubles{}) == "nothing was thrown");
}

TEST_CASE("after a refusal a training goes on as if there were no file") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  Run<>().write();
  rewrite("training.order", Integers{0, 0, 0, 0, 0, 0, 0});
  Run<> refused(9), fresh(9);
  REQUIRE_THAT(refused.refused(), Contains("out of range or twice"));
  refused.training.run(5, refused.stop);
  fresh.training.run(5, fresh.stop);
  REQUIRE((refused.bytes() == fresh.bytes()));
}

TEST_CASE("a checkpoint in another scalar is refused") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  Run<float>().write();
  REQUIRE(Run<float>(9).refused() == "nothing was thrown");
  REQUIRE(Run<double>(9).refused() ==
          path + ": \"training.parameters\" holds F32, this training F64");
  std::remove(path.c_str());
  Run<double>().write();
  REQUIRE(Run<float>(9).refused() ==
          path + ": \"training.parameters\" holds F64, this training F32");
}

TEST_CASE("a checkpoint of an optimizer with equal arrays is refused by the optimizer's name") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  Run<double, bf::Momentum>().write();
  REQUIRE(Run<double, bf::Momentum>(9).refused() == "nothing was thrown");
  REQUIRE(Run<double, bf::Nesterov>(9).refused() ==
          path + ": the optimizer is Momentum in the file, Nesterov in this training");
}

namespace {

/// Optimizers of a user's with the state of Sgd, of which the first inherits its name.
struct Uphill : bf::Sgd {};
template <int Power>
struct Scaled : bf::Sgd {
  static constexpr const char* name = "Scaled";
};
/// As StopEarly, with its values.
struct StopLate : bf::StopEarly {};

/// Writes a checkpoint of one training, and returns the message that another one gives.
template <class Written, class Resumed>
std::string resumed_after(const Written& write, const Resumed& resume) {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  const Eigen::MatrixXd X = numbers(2, 7, 1), Z = numbers(1, 7, 2);
  const bf::Samples<double> data(X, Z);
  write(data);
  try {
    resume(data);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

template <class Network, class Optimizer, class Hook = bf::StopEarly>
auto trained() {
  return [](const bf::Samples<double>& data) {
    Network net;
    bf::Random random(3);
    net.initialize(bf::Glorot{}, random);
    Hook hook;
    bf::Checkpoint checkpoint(path, 1, hook);
    bf::fit(net, bf::HalfSquaredError{}, Optimizer{}, data, {.epochs = 1}, hook, checkpoint);
  };
}

}  // namespace

TEST_CASE("a checkpoint tells a user's optimizer from its base, and from other template options") {
  using N = Net<double>;
  const auto refused = [](const auto& write, const auto& resume) {
    REQUIRE(resumed_after(write, write) == "nothing was thrown");
    return resumed_after(write, resume);
  };
  const auto sgd = trained<N, bf::Sgd>();
  const auto uphill = trained<N, Uphill>();
  REQUIRE_THAT(refused(sgd, uphill), Contains("the optimizer is Sgd in the file, ") &&
                                         Contains("Uphill in this training"));
  REQUIRE_THAT(refused(uphill, sgd), Contains("Uphill in the file, Sgd in this training"));
  REQUIRE_THAT(refused(trained<N, Scaled<1>>(), trained<N, Scaled<2>>()),
               Contains("Scaled<1> in the file, ") && Contains("Scaled<2> in this training"));
}

TEST_CASE("the checkpoint of a training with another loss is refused") {
  const auto with = [](const auto& loss) {
    return [loss](const bf::Samples<double>& data) {
      Net<double> net;
      bf::Random random(3);
      net.initialize(bf::Glorot{}, random);
      bf::fit(net, loss, bf::Sgd{}, data, {.epochs = 1}, bf::Checkpoint(path));
    };
  };
  REQUIRE(resumed_after(with(bf::Huber{}), with(bf::Huber{})) == "nothing was thrown");
  REQUIRE_THAT(resumed_after(with(bf::HalfSquaredError{}), with(bf::Huber{})),
               Contains("the loss is backfold::HalfSquaredError in the file, backfold::Huber in"));
}

TEST_CASE("a checkpoint tells a user's activations, layers and hooks from their bases") {
  using bf::Dense, bf::Input, bf::Mlp, bf::Sgd;
  const auto ours = trained<Mlp<double, Input<2>, Dense<1, bf::Tanh>>, Sgd>();
  const auto activation = trained<Mlp<double, Input<2>, Dense<1, own_types::OwnTanh>>, Sgd>();
  REQUIRE(resumed_after(activation, activation) == "nothing was thrown");
  REQUIRE(resumed_after(ours, activation) == path +
                                                 ": layer 1: activation is \"Tanh\" in the file, "
                                                 "\"own_types::OwnTanh\" in the network");
  struct OwnDense : Dense<1, bf::Tanh> {};
  const auto layer = trained<Mlp<double, Input<2>, OwnDense>, Sgd>();
  REQUIRE_THAT(resumed_after(ours, layer), Contains("layer 1: type is \"Dense\" in the file, "));
  const auto hook = trained<Mlp<double, Input<2>, Dense<1, bf::Tanh>>, Sgd, StopLate>();
  REQUIRE(resumed_after(hook, hook) == "nothing was thrown");
  REQUIRE_THAT(resumed_after(ours, hook),
               Contains("hook 0 is backfold::StopEarly in the file, ") && Contains("StopLate"));
}

TEST_CASE("checkpoints of another version, and files of networks, are refused") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  Run<> run;
  run.write();
  rewrite("", Doubles{}, "\"format\":1", "\"format\":2");
  REQUIRE(Run<>(9).refused() == path + ": its model has the format 2, this library reads 1");
  rewrite("", Doubles{}, "\"format\":2", "\"format\":\"1\"");
  REQUIRE(Run<>(9).refused() == path + ": its model has the format \"1\", this library reads 1");
  rewrite("", Doubles{}, "\"format\":\"1\",", "");
  REQUIRE(Run<>(9).refused() == path + ": its model has no \"format\"");
  bf::save(path, run.net);
  REQUIRE(Run<>(9).refused() == path + ": its model has no \"optimizer\"");
  bf::TensorWriter other;
  other.write(path);
  REQUIRE_THAT(Run<>(9).refused(), Contains("describes no network"));
}

namespace {

/// The messages with which load and load_any refuse the file; load changes no parameter.
std::string refused_load() {
  Net<double> net;
  net.parameters().setConstant(7);
  std::string first, second;
  try {
    bf::load(path, net);
  } catch (const std::runtime_error& error) {
    first = error.what();
  }
  REQUIRE((net.parameters().array() == 7).all() == !first.empty());
  try {
    (void)bf::load_any<double>(path);
  } catch (const std::runtime_error& error) {
    second = error.what();
  }
  REQUIRE(first == second);
  return first;
}

}  // namespace

TEST_CASE("a network is not loaded from parameters that are not finite, nor from a checkpoint") {
  const TemporaryFile file(path);
  std::remove(path.c_str());
  Run<> run;
  for (const double number : {inf, -inf, std::numeric_limits<double>::quiet_NaN()}) {
    bf::save(path, run.net);
    REQUIRE(refused_load() == "");
    rewrite("layer2.weight", Doubles{1, number, 1});
    REQUIRE(refused_load() == path + ": has parameters that are not finite");
    bf::save(path, run.net);
    rewrite("layer2.bias", Doubles{number});
    REQUIRE(refused_load() == path + ": has parameters that are not finite");
  }
  std::remove(path.c_str());
  run.write();
  REQUIRE(refused_load() == path + ": has no array \"layer1.weight\"");
}
