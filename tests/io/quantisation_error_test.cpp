// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/header.hpp>
#include <backfold/io/quantisation_error.hpp>

#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"
#include "temporary_file.hpp"

namespace bf = backfold;
using bf::Dense;
using bf::Input;
using bf::WeightFormat;
using Catch::Matchers::Contains;

namespace {

bf::HeaderOptions options(WeightFormat format, double bound, bf::Index steps = 0) {
  bf::HeaderOptions result;
  result.weights = format;
  result.input_bounds = {bound};
  result.steps = steps;
  return result;
}

/// Inputs within a bound: the first half anywhere, the others at a bound or at 0.
template <class S>
bf::Matrix<S> drawn_inputs(bf::Index inputs, bf::Index count, double bound, std::uint64_t seed) {
  Eigen::MatrixXd X = bound * numbers(inputs, count, seed);
  for (double& x : X.rightCols(count / 2).reshaped()) {
    x = x > bound / 4 ? bound : x < -bound / 4 ? -bound : 0;
  }
  return X.cast<S>();
}

/// For each output, the largest deviation from the quantised network seen over all steps of
/// sequences of drawn inputs.
template <class Net>
Eigen::VectorXd largest_deviation(const Net& net, WeightFormat format, double bound,
                                  bf::Index sequences, bf::Index steps) {
  using S = typename Net::Scalar;
  const bf::Matrix<S> X = drawn_inputs<S>(net.inputs(), sequences * steps, bound, 17);
  bf::Workspace<Net> workspace(net, sequences, steps);
  const bf::Matrix<S> Y = bf::run(net, X, steps, workspace);
  const bf::Matrix<S> rounded = bf::run(bf::quantised(net, format), X, steps, workspace);
  return (rounded.template cast<double>() - Y.template cast<double>())
      .cwiseAbs()
      .rowwise()
      .maxCoeff();
}

/// The bound holds for drawn inputs, and is at most `factor` times the largest deviation seen.
template <class Net>
void bound_holds(const char* name, const Net& net, double factor, double bound = 1) {
  for (const WeightFormat format : {WeightFormat::Int8, WeightFormat::Q15}) {
    const Eigen::VectorXd most = bf::quantisation_error(net, options(format, bound));
    const Eigen::VectorXd seen = largest_deviation(net, format, bound, 6000, 1);
    INFO(name << ", format " << int(format) << ": bound " << most.transpose() << ", seen "
              << seen.transpose());
    REQUIRE((seen.array() <= most.array()).all());
    REQUIRE(most.maxCoeff() <= factor * seen.maxCoeff());
  }
}

/// The bounds for some steps and for any number hold, and the former grow into the latter.
template <class Net>
void bound_holds_in_steps(const char* name, const Net& net, double factor) {
  const WeightFormat format = WeightFormat::Int8;
  const Eigen::VectorXd always = bf::quantisation_error(net, options(format, 1));
  Eigen::VectorXd before = Eigen::VectorXd::Zero(net.outputs());
  for (const bf::Index steps : {1, 2, 5, 40}) {
    const Eigen::VectorXd most = bf::quantisation_error(net, options(format, 1, steps));
    const Eigen::VectorXd seen = largest_deviation(net, format, 1, 400, steps);
    INFO(name << ", " << steps << " steps: bound " << most.transpose() << ", always "
              << always.transpose() << ", seen " << seen.transpose());
    REQUIRE((seen.array() <= most.array()).all());
    REQUIRE((most.array() <= 1.01 * always.array()).all());
    REQUIRE((before.array() <= most.array()).all());
    REQUIRE(most.maxCoeff() <= factor * seen.maxCoeff());
    before = most;
  }
}

}  // namespace

TEST_CASE("the quantisation error of one linear layer is reached in a corner") {
  const auto net = made<bf::Mlp<double, Input<7>, Dense<3, bf::Linear>>>();
  bf::HeaderOptions of = options(WeightFormat::Int8, 0);
  of.input_bounds = {1, 2, 0, 0.5, 3, 1, 10};
  const Eigen::Map<const Eigen::VectorXd> bounds(of.input_bounds.data(), 7);
  const Eigen::VectorXd most = bf::quantisation_error(net, of);
  const auto rounded = bf::quantised(net, of.weights);
  for (int j = 0; j < 3; ++j) {
    const Eigen::VectorXd change =
        (rounded.weights<1>().row(j) - net.weights<1>().row(j)).transpose();
    const Eigen::VectorXd x = (change.array() < 0).select(-bounds, bounds);
    const double there = std::abs(rounded(x)(j) - net(x)(j));
    REQUIRE(there <= most(j));
    REQUIRE(most(j) <= there * (1 + 1e-6));
  }
}

TEST_CASE("the bound of the quantisation error holds and is not far off") {
  // In the worst case, all units err in the same direction; LayerNorm may divide by little.
  bound_holds("small", made<bf::Mlp<double, Input<3>, Dense<8, bf::Tanh>, Dense<1, bf::Linear>>>(),
              6);
  bound_holds("float", made<bf::Mlp<float, Input<3>, Dense<8, bf::Tanh>, Dense<1, bf::Linear>>>(),
              7);
  bound_holds("one unit", made<bf::Mlp<float, Input<3>, Dense<1, bf::Sigmoid>>>(), 3);
  bound_holds("deep",
              made<bf::Mlp<float, Input<4>, Dense<8, bf::Relu>, Dense<8, bf::Tanh>,
                           Dense<3, bf::Softmax, bf::From<0>>>>(),
              40);
  bound_holds(
      "curves",
      made<bf::Mlp<double, Input<3>, Dense<4, bf::Elu>, Dense<4, bf::Gelu>, Dense<4, bf::Silu>,
                   Dense<4, bf::Softplus>, Dense<4, bf::LeakyRelu>, Dense<1, bf::Sigmoid>>>(),
      40);
  bound_holds("sum",
              made<bf::Mlp<float, Input<4>, Dense<4, bf::Tanh>, bf::Dropout<4>, bf::Residual<4, 0>,
                           Dense<2, bf::Softmax>>>(),
              10);
  bound_holds(
      "norm",
      made<bf::Mlp<float, Input<4>, Dense<6, bf::Tanh>, bf::LayerNorm<6>, Dense<2, bf::Linear>>>(),
      160, 0.1);
  bound_holds("wide", made<bf::Mlp<float, Input<20>, Dense<40, bf::Tanh>, Dense<1, bf::Linear>>>(),
              25);
}

TEST_CASE("the bound of the quantisation error knows rows of zeros and of one huge weight") {
  auto net = made<bf::Mlp<float, Input<4>, Dense<5, bf::Tanh>, Dense<2, bf::Linear>>>();
  net.weights<1>().row(1).setZero();
  net.weights<1>()(2, 3) = 1e4f;
  net.weights<2>().row(0).setZero();
  bound_holds("rows", net, 4);
  const Eigen::VectorXd most = bf::quantisation_error(net, options(WeightFormat::Int8, 1));
  REQUIRE(most(0) < 1e-5);
  net.parameters().setZero();
  REQUIRE(bf::quantisation_error(net, options(WeightFormat::Int8, 1)).maxCoeff() < 1e-30);
}

TEST_CASE("the bound of the quantisation error holds over steps") {
  const auto small = [](auto net, float part) {
    net.parameters() *= part;
    return net;
  };
  bound_holds_in_steps("elman", small(made<bf::Elman<float, 3, 5, 1>>(), 0.4f), 15);
  // No contraction in the worst case: the bound becomes that of units that saturate.
  bound_holds_in_steps("saturating elman", made<bf::Elman<float, 3, 5, 1>>(), 500);
  bound_holds_in_steps(
      "lstm", small(made<bf::Rnn<float, Input<3>, bf::Lstm<4>, Dense<1, bf::Linear>>>(), 0.25f),
      40);
  bound_holds_in_steps(
      "gru", small(made<bf::Rnn<float, Input<3>, bf::Gru<4>, Dense<1, bf::Linear>>>(), 0.2f), 10);
  bound_holds_in_steps("min_gru",
                       small(made<bf::Rnn<float, Input<3>, bf::MinGru<4, bf::LearntStart>,
                                          bf::Gru<3, bf::NoBias>, Dense<2, bf::Softmax>>>(),
                             0.2f),
                       27);
  bound_holds_in_steps(
      "delays",
      small(made<bf::Rnn<float, Input<3>,
                         Dense<4, bf::Relu, bf::Recurrent<2>, bf::SelfRecurrent<>, bf::Delayed<2>>,
                         Dense<2, bf::Linear, bf::Delayed<0, 3>>>>(),
            0.25f),
      4);
  bound_holds_in_steps("start",
                       small(made<bf::Rnn<double, Input<3>, bf::Lstm<3, bf::LearntStart>,
                                          Dense<4, bf::Tanh, bf::Recurrent<>, bf::LearntStart>>>(),
                             0.25f),
                       20);
}

TEST_CASE("a learnt start widens the bound of the quantisation error") {
  bf::Rnn<double, Input<3>, Dense<4, bf::Linear, bf::Recurrent<>, bf::LearntStart>> net;
  net.weights<1>() << numbers(4, 7, 2) / 8;
  const auto of = options(WeightFormat::Int8, 0, 1);
  REQUIRE(bf::quantisation_error(net, of).maxCoeff() < 1e-12);
  net.start<1>().setConstant(100);
  const Eigen::MatrixXd change =
      bf::quantised(net, of.weights).weights<1, 1>() - net.weights<1, 1>();
  const Eigen::VectorXd expected = 100 * change.rowwise().sum().cwiseAbs();
  REQUIRE((bf::quantisation_error(net, of) - expected).cwiseAbs().maxCoeff() < 1e-11);
}

TEST_CASE("the bound of the quantisation error has the units of the scalings") {
  const auto net = made<bf::Mlp<double, Input<3>, Dense<4, bf::Tanh>, Dense<1, bf::Linear>>>();
  const double plain = bf::quantisation_error(net, options(WeightFormat::Int8, 2))(0);
  bf::HeaderOptions of = options(WeightFormat::Int8, 20);
  of.input_scaling = bf::Scaling(bf::ScalingKind::Standard, Eigen::Vector3d::Zero(),
                                 Eigen::Vector3d::Constant(10), 0);
  Eigen::VectorXd center(1), width(1);
  center << 5;
  width << 100;
  of.target_scaling = bf::Scaling(bf::ScalingKind::Standard, center, width, 0);
  REQUIRE(std::abs(bf::quantisation_error(net, of)(0) / plain - 100) < 1e-6);
}

TEST_CASE("the bound of the quantisation error of indices holds for each") {
  auto net = made<bf::Mlp<float, Input<1>, bf::Embedding<3, 9>, Dense<2, bf::Linear>>>();
  const Eigen::VectorXd most = bf::quantisation_error(net, options(WeightFormat::Int8, 8));
  const auto rounded = bf::quantised(net, WeightFormat::Int8);
  Eigen::MatrixXf X(1, 9);
  X << 0, 1, 2, 3, 4, 5, 6, 7, 8;
  const Eigen::VectorXd seen = (rounded(X) - net(X)).cast<double>().cwiseAbs().rowwise().maxCoeff();
  REQUIRE((seen.array() <= most.array()).all());
  REQUIRE((most.array() <= 4 * seen.array()).all());
}

TEST_CASE("a recurrence that does not contract has a bound over some steps only") {
  auto net = made<bf::Rnn<float, Input<1>, Dense<4, bf::Linear, bf::Recurrent<>>>>();
  net.weights<1, 1>().setConstant(0.3f);
  net.weights<1, 1>()(0, 0) = 0.2f;  // so that there are errors
  REQUIRE(bf::quantisation_error(net, options(WeightFormat::Int8, 1, 5)).allFinite());
  REQUIRE(said([&] { (void)bf::quantisation_error(net, options(WeightFormat::Int8, 1)); }) ==
          "header: the quantisation error has no bound over any number of steps, since the "
          "recurrence does not contract; expected steps >= 1, got 0");
  REQUIRE_THAT(
      said([&] { (void)bf::quantisation_error(net, options(WeightFormat::Int8, 1, 9999)); }),
      Contains("header: the bound of the quantisation error overflows in step") &&
          Contains("of 9999; expected fewer steps"));
  net.weights<1, 1>() *= 0.5f;
  REQUIRE(bf::quantisation_error(net, options(WeightFormat::Int8, 1)).allFinite());
}

TEST_CASE("a header states the bound of its quantisation error") {
  const TemporaryFile file("backfold_bound.hpp");
  const auto net = made<bf::Elman<float, 3, 4, 2>>();
  auto of = options(WeightFormat::Q15, 1.5, 10);
  const double most = bf::quantisation_error(net, of)(0);
  bf::write_header(file.path, net, of);
  std::string text = content_of(file.path);
  REQUIRE_THAT(text, Contains("// Weights are integers of 16 bits with a scale for each row. Each "
                              "output differs from that of the network by at most\n//   ") &&
                         Contains("// if inputs are no larger than\n//   1.5\n// in the first 10 "
                                  "steps.\n"));
  const double told = std::stod(text.substr(text.find("at most\n//   ") + 13));
  REQUIRE((told >= most && told < 1.01 * most));
  of.weights = WeightFormat::Int8;
  of.input_bounds.clear();
  bf::write_header(file.path, net, of);
  text = content_of(file.path);
  REQUIRE_THAT(text, Contains("// Weights are integers of 8 bits with a scale for each row.\n"));
}

TEST_CASE("input bounds and steps are refused with what was expected") {
  const auto net = made<bf::Elman<float, 3, 4, 2>>();
  const auto refused = [&](std::vector<double> bounds, bf::Index steps = 0) {
    bf::HeaderOptions of = options(WeightFormat::Int8, 1, steps);
    of.input_bounds = std::move(bounds);
    const std::string text = said([&] { (void)bf::quantisation_error(net, of); });
    if (!of.input_bounds.empty()) {
      REQUIRE(said([&] { bf::write_header("backfold_never_written.hpp", net, of); }) == text);
    }
    return text;
  };
  REQUIRE(refused({}) == "header: expected 1 or 3 input_bounds, got 0");
  REQUIRE(refused({1, 2}) == "header: expected 1 or 3 input_bounds, got 2");
  REQUIRE(refused({1, -2, 1}) == "header: input_bounds 1: expected a finite number >= 0, got -2");
  REQUIRE_THAT(refused({std::numeric_limits<double>::quiet_NaN()}),
               Contains("input_bounds 0: expected a finite number >= 0, got ") && Contains("nan"));
  REQUIRE_THAT(refused({std::numeric_limits<double>::infinity()}), Contains("got inf"));
  REQUIRE(refused({1}, -1) == "header: expected steps >= 0, got -1");
  bf::Rnn<float, Input<2>, bf::Gru<3, bf::Through<2>>, bf::Dropout<3>> through;
  REQUIRE_THAT(said([&] { (void)bf::quantisation_error(through, options(WeightFormat::Int8, 1)); }),
               Contains("layer 1 is a Gru whose recurrent connection leads"));
}
