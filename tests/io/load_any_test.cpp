// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/load_any.hpp>
#include <backfold/io/safetensors.hpp>

#include "catch.hpp"
#include "numbers.hpp"
#include "own_types.hpp"
#include "said.hpp"
#include "temporary_file.hpp"

namespace bf = backfold;
using bf::Dense;
using bf::Input;
using Catch::Matchers::Contains;

namespace {

const std::string path = "backfold_any.safetensors";

template <class Net>
Net drawn(Net net) {
  bf::Random random(11);
  net.initialize(bf::Uniform{-1, 1}, random);
  for (auto& w : net.parameters()) {
    w = static_cast<typename Net::Scalar>(bf::uniform(random, -1, 1));
  }
  return net;
}

/// Compares the outputs of load_any's network with the original network's, in batches and by steps.
template <class Net>
void require_equal(Net net, Eigen::MatrixXd inputs = {}) {
  using S = typename Net::Scalar;
  constexpr bf::Index batch = 3, steps = 5;
  const TemporaryFile file(path);
  net = drawn(net);
  bf::save(path, net);
  const bf::AnyNetwork<S> any = bf::load_any<S>(path);
  REQUIRE((any.parameters().array() == net.parameters().array()).all());
  REQUIRE(any.is_recurrent() == Net::Graph::is_recurrent);
  if (inputs.size() == 0) inputs = numbers(net.inputs(), batch * steps, 1);
  const bf::Matrix<S> X = inputs.cast<S>();
  bf::Workspace<Net> workspace(net, batch, steps);
  const bf::Matrix<S> expected = bf::run(net, X, steps, workspace);
  const double tolerance = sizeof(S) == 8 ? 1e-13 : 1e-5;
  REQUIRE((any.run(X, steps) - expected).cwiseAbs().maxCoeff() < tolerance);
  bf::AnyState<S> state = any.state(batch);
  for (int again = 0; again < 2; ++again) {
    for (bf::Index t = 0; t < steps; ++t) {
      const bf::Matrix<S> y = any.step(X.middleCols(t * batch, batch), state);
      REQUIRE((y - expected.middleCols(t * batch, batch)).cwiseAbs().maxCoeff() < tolerance);
    }
    state.reset();
  }
}

}  // namespace

TEST_CASE("load_any gives perceptrons whose outputs are the saved network's") {
  require_equal(bf::Mlp<double, Input<2>, Dense<3, bf::Tanh>, Dense<4, bf::Elu>,
                        Dense<3, bf::Gelu, bf::From<0>>, Dense<2, bf::Softmax>>());
  require_equal(bf::Mlp<float, Input<1>, Dense<1, bf::Silu>>());
}

TEST_CASE("load_any gives recurrent networks whose outputs are the saved network's") {
  require_equal(bf::Rnn<double, Input<2>, Dense<3, bf::Tanh, bf::Recurrent<2>, bf::Delayed<2, 1>>,
                        Dense<3, bf::Linear, bf::SelfRecurrent<1>, bf::Delayed<0, 3>>>());
  require_equal(bf::Rnn<float, Input<2>, bf::Lstm<3, bf::Delayed<0, 2>, bf::Delayed<3, 1>>,
                        bf::Gru<4>, bf::Gru<2, bf::NoBias>, Dense<1, bf::Sigmoid>>());
}

TEST_CASE("load_any gives layers that have own parameters, sums and indices") {
  Eigen::MatrixXd indices(1, 15);
  for (int i = 0; i < 15; ++i) indices(i) = i * 5 % 7;
  require_equal(bf::Rnn<double, Input<1>, bf::Embedding<4, 7>, bf::MinGru<4>, bf::LayerNorm<4>,
                        bf::Dropout<4>, bf::Residual<4, 1>, Dense<7, bf::Softmax>>(),
                indices);
}

TEST_CASE("load_any gives networks that start from a learnt state") {
  using bf::LearntStart;
  require_equal(bf::Rnn<double, Input<2>, Dense<3, bf::Tanh, bf::Recurrent<>, LearntStart>,
                        Dense<2, bf::Linear>>());
  require_equal(bf::Rnn<float, Input<2>, bf::Lstm<3, LearntStart>, bf::Gru<4, LearntStart>,
                        bf::MinGru<2, LearntStart>>());
  // Delays of several lengths, from later layers too, and layers without a learnt start between
  require_equal(
      bf::Rnn<double, Input<2>, Dense<3, bf::Sigmoid, LearntStart>, bf::Lstm<2>,
              bf::Lstm<4, bf::Recurrent<3>, bf::Delayed<1, 2>, LearntStart>,
              Dense<2, bf::Tanh, bf::Delayed<4, 2>, bf::NoBias, bf::Delayed<3, 2>, LearntStart>>());
}

TEST_CASE("load_any takes settings and more samples than a block") {
  const TemporaryFile file(path);
  using Net = bf::Mlp<double, Input<2>, Dense<2, bf::Tanh>, Dense<1, bf::LeakyRelu>>;
  const Net net = drawn(Net(Input<2>(), Dense<2, bf::Tanh>(bf::Tanh{.slope = 3}),
                            Dense<1, bf::LeakyRelu>(bf::LeakyRelu{.slope = 0.3})));
  bf::save(path, net, {.inputs = {"a", "b"}});
  const auto any = bf::load_any<double>(path);
  const Eigen::MatrixXd X = numbers(2, 600, 2);
  REQUIRE((any.run(X) - net(X)).cwiseAbs().maxCoeff() < 1e-14);
  REQUIRE(any.info().inputs == std::vector<std::string>{"a", "b"});
}

TEST_CASE("load_any takes delays up to a limit that the caller sets") {
  const TemporaryFile file(path);
  using Net = bf::Rnn<double, Input<1>, Dense<1, bf::Linear, bf::Delayed<0, 12000>>>;
  const Net net = drawn(Net());
  bf::save(path, net);
  REQUIRE_THROWS_WITH((void)bf::load_any<double>(path),
                      path +
                          ": a connection has a delay of 12000 steps, expected at most 10000 "
                          "(LoadOptions::longest_delay)");
  const auto any = bf::load_any<double>(path, {.longest_delay = 12000});
  const Eigen::MatrixXd X = numbers(1, 12010, 3);
  bf::Workspace<Net> workspace(net, 1, X.cols());
  REQUIRE((any.run(X, X.cols()) - bf::run(net, X, X.cols(), workspace)).cwiseAbs().maxCoeff() <
          1e-14);
}

TEST_CASE("wrong use of what load_any gives is refused") {
  const TemporaryFile file(path);
  bf::save(path, drawn(bf::Elman<double, 2, 3, 1>()));
  const auto any = bf::load_any<double>(path);
  REQUIRE(said([&] { (void)any.run(Eigen::MatrixXd(Eigen::MatrixXd::Zero(3, 2))); }) ==
          "input has 3 rows, the input layer 2 units");
  REQUIRE_THAT(said([&] { (void)any.run(Eigen::MatrixXd(Eigen::MatrixXd::Zero(2, 5)), 2); }),
               Contains("input has 5 columns"));
  auto state = any.state(2);
  REQUIRE_THAT(said([&] { (void)any.step(Eigen::MatrixXd(Eigen::MatrixXd::Zero(2, 1)), state); }),
               Contains("a batch of 2, the input has 1"));
  REQUIRE_THAT(said([&] { (void)any.state(0); }), Contains("at least 1, got 0"));
  bf::save(path, drawn(bf::Mlp<double, Input<3>, Dense<1, bf::Tanh>>()));
  auto other = bf::load_any<double>(path).state(2);
  REQUIRE_THAT(said([&] { (void)any.step(Eigen::MatrixXd(Eigen::MatrixXd::Zero(2, 2)), other); }),
               Contains("of another network"));
}

TEST_CASE("a file of a derived activation is not read as one of its base, whose name it has") {
  const TemporaryFile file(path);
  const auto own =
      drawn(bf::Mlp<double, Input<2>, Dense<3, own_types::OwnTanh>, Dense<1, bf::Linear>>());
  bf::save(path, own);
  auto same = own;
  bf::load(path, same);
  bf::Mlp<double, Input<2>, Dense<3, bf::Tanh>, Dense<1, bf::Linear>> base;
  REQUIRE_THROWS_WITH(bf::load(path, base), Contains("output 0 of stored sample 0 should be"));
  REQUIRE_THROWS_WITH(bf::load_any<double>(path),
                      Contains("output 0 of stored sample 0 should be"));
}
