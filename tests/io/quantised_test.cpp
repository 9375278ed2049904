// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/header.hpp>
#include <backfold/io/quantised.hpp>

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

template <class Net>
bf::Index bytes_of(const Net& net, WeightFormat format) {
  const TemporaryFile file("backfold_quantised.hpp");
  bf::HeaderOptions options;
  options.weights = format;
  const bf::Index bytes = bf::write_header(file.path, net, options);
  REQUIRE_THAT(content_of(file.path), Contains("take " + std::to_string(bytes) + " bytes"));
  return bytes;
}

template <class S>
void weights_are_rounded(WeightFormat format, double levels) {
  const auto net = made<bf::Mlp<S, Input<20>, Dense<6, bf::Tanh>, Dense<1, bf::Linear>>>();
  const auto rounded = bf::quantised(net, format);
  for (bf::Index i = 0; i < 6; ++i) {
    const S largest = net.template weights<1>().row(i).cwiseAbs().maxCoeff();
    const double step = double(largest) / levels;
    const double close = 4 * double(std::numeric_limits<S>::epsilon());
    INFO("row " << i << ", steps of " << step);
    for (bf::Index j = 0; j < 20; ++j) {
      const double before = net.template weights<1>()(i, j),
                   after = rounded.template weights<1>()(i, j);
      REQUIRE(std::abs(after - before) <= step / 2 + close * double(largest));
      REQUIRE(std::abs(after / step - std::round(after / step)) <= close * levels);
    }
    REQUIRE(std::abs(rounded.template weights<1>().row(i).cwiseAbs().maxCoeff() - largest) <=
            S(close) * largest);
  }
  REQUIRE(rounded.template bias<1>() == net.template bias<1>());
  REQUIRE(rounded.template bias<2>() == net.template bias<2>());
  REQUIRE(rounded.template weights<2>() != net.template weights<2>());
}

}  // namespace

TEST_CASE("quantised weights are the nearest multiples of their row's scale") {
  weights_are_rounded<float>(WeightFormat::Int8, 127);
  weights_are_rounded<double>(WeightFormat::Int8, 127);
  weights_are_rounded<float>(WeightFormat::Q15, 32767);
  weights_are_rounded<double>(WeightFormat::Q15, 32767);
  const auto net = made<bf::Elman<float, 2, 3, 1>>();
  REQUIRE(bf::quantised(net, WeightFormat::Scalar).parameters() == net.parameters());
}

TEST_CASE("quantised weights of a row have the row's own scale") {
  bf::Mlp<double, Input<4>, Dense<3, bf::Linear>> net;
  net.weights<1>() << 0, 0, 0, 0, 1000, 0.5, -3.9, 4, 1.27, 0.014, -0.016, 1e-320;
  const auto rounded = bf::quantised(net, WeightFormat::Int8);
  Eigen::MatrixXd expected(3, 4);
  expected << 0, 0, 0, 0, 1000, 0, 0, 1000. / 127, 1.27, 0.01, -0.02, 0;
  REQUIRE((rounded.weights<1>() - expected).cwiseAbs().maxCoeff() < 1e-12);
  // A scale that would be denormal is 0, also for processors that flush to zero.
  net.parameters().setConstant(1e-307);
  REQUIRE(bf::quantised(net, WeightFormat::Int8).weights<1>().isZero(0));
}

TEST_CASE("quantised weights leave out rows that would not become smaller") {
  // One weight a row: the first weights and the diagonal ones.
  const auto net = made<bf::Rnn<float, Input<1>, Dense<3, bf::Tanh, bf::SelfRecurrent<>>>>();
  REQUIRE(bf::quantised(net, WeightFormat::Int8).parameters() == net.parameters());
  REQUIRE(bytes_of(net, WeightFormat::Int8) == bytes_of(net, WeightFormat::Scalar));
  // Two: 2·4 bytes against 2·1 + 4, or 2·2 + 4.
  const auto two = made<bf::Mlp<float, Input<2>, Dense<1, bf::Linear>>>();
  REQUIRE(bytes_of(two, WeightFormat::Scalar) == 12);
  REQUIRE(bytes_of(two, WeightFormat::Int8) == 10);
  REQUIRE(bytes_of(two, WeightFormat::Q15) == 12);
  REQUIRE(bf::quantised(two, WeightFormat::Q15).parameters() == two.parameters());
}

TEST_CASE("a header with integer weights has their size") {
  const auto net = made<bf::Mlp<float, Input<10>, Dense<5, bf::Tanh>, Dense<2, bf::Linear>>>();
  REQUIRE(bytes_of(net, WeightFormat::Scalar) == 4 * net.parameter_count());
  REQUIRE(bytes_of(net, WeightFormat::Int8) == 60 + 4 * 7 + 4 * 7);
  REQUIRE(bytes_of(net, WeightFormat::Q15) == 2 * 60 + 4 * 7 + 4 * 7);
  const auto cell = made<bf::Rnn<double, Input<3>, bf::Lstm<4, bf::LearntStart>>>();
  REQUIRE(bytes_of(cell, WeightFormat::Int8) == 16 * 7 + 2 * 8 * 16 + 8 * 16 + 8 * 8);
}

TEST_CASE("weights in no format are refused") {
  const auto net = made<bf::Elman<float, 2, 3, 1>>();
  const auto unknown = static_cast<WeightFormat>(7);
  REQUIRE(said([&] { (void)bf::quantised(net, unknown); }) ==
          "header: no integer format of weights 7");
  bf::HeaderOptions options;
  options.weights = unknown;
  REQUIRE(said([&] { bf::write_header("backfold_never_written.hpp", net, options); }) ==
          "header: no integer format of weights 7");
  auto infinite = net;
  infinite.parameters()(1) = std::numeric_limits<float>::infinity();
  REQUIRE(said([&] { (void)bf::quantised(infinite, WeightFormat::Int8); }) ==
          "quantised: the network has parameters that are not finite");
}
