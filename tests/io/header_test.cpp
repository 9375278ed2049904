// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/header.hpp>

#include "catch.hpp"
#include "numbers.hpp"
#include "own_types.hpp"
#include "said.hpp"
#include "softsign.hpp"
#include "temporary_file.hpp"

namespace bf = backfold;
using Catch::Matchers::Contains;

namespace {

template <class Net>
std::string refused(const Net& net, const bf::HeaderOptions& options = {}) {
  return said([&] { bf::write_header("backfold_never_written.hpp", net, options); });
}

}  // namespace

TEST_CASE("a header tells what it holds") {
  const TemporaryFile file("backfold_header.hpp");
  bf::Elman<float, 1, 3, 1> net;
  net.parameters().setConstant(0.1f);
  const bf::Index bytes = bf::write_header(file.path, net, {.name = "controller"});
  REQUIRE(bytes == 4 * net.parameter_count());
  const std::string text = content_of(file.path);
  REQUIRE_THAT(text, Contains("namespace controller {") &&
                         Contains("Dense Tanh(slope = 1), 3 units") && Contains("take 76 bytes") &&
                         Contains("layer1_recurrent[] = {\n    0.1f, "));
}

TEST_CASE("a header begins with the learnt state") {
  const TemporaryFile file("backfold_header.hpp");
  bf::Rnn<double, bf::Input<1>, bf::Lstm<2, bf::LearntStart>> net;
  net.start<1>() << 0.25, 0.5, -1, 2;
  // Two bias columns are written as their sum.
  REQUIRE(bf::write_header(file.path, net, {.name = "starting"}) ==
          8 * (net.parameter_count() - 8));
  REQUIRE_THAT(content_of(file.path), Contains("  Scalar past1[1 * 2] = {\n    0.25, -1.0,};\n"
                                               "  Scalar memory1[2] = {\n    0.5, 2.0,};\n"));
}

TEST_CASE("a header is refused with what was expected") {
  bf::Mlp<double, bf::Input<2>, bf::Dense<1, bf::Tanh>> net;
  REQUIRE(refused(net, {.name = "2d"}) == "header: \"2d\" is no name of a namespace");
  REQUIRE(refused(net, {.name = "a b"}) == "header: \"a b\" is no name of a namespace");
  const bf::Scaling three{Eigen::MatrixXd(numbers(3, 4, 1))};
  REQUIRE(refused(net, {.input_scaling = three}) ==
          "header: the scaling of inputs has 3 features, the network 2");
  bf::Mlp<double, bf::Input<2>, bf::Dense<1, Softsign>> own;
  REQUIRE_THAT(refused(own), Contains("header: layer 1 has an activation that cannot be "
                                      "exported; expected the library's Linear, Sigmoid"));
  bf::Rnn<double, bf::Input<2>, bf::Gru<3, bf::Through<2>>, bf::Dropout<3>> through;
  REQUIRE_THAT(refused(through), Contains("layer 1 is a Gru whose recurrent connection leads"));
  net.parameters()(0) = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(refused(net) == "header: the network has parameters that are not finite");
}

TEST_CASE("a header has no layers or activations of types that are derived from the library's") {
  const std::string expected = "; expected Dense, Lstm, Gru, MinGru, LayerNorm or Dropout";
  REQUIRE(refused(bf::Mlp<float, bf::Input<2>, bf::Dense<2, bf::Tanh>, own_types::Doubled>()) ==
          "header: layer 2 is of a type of your own" + expected);
  REQUIRE(refused(bf::Rnn<float, bf::Input<2>, own_types::ForgetsAll>()) ==
          "header: layer 1 is of a type of your own, named Lstm" + expected);
  REQUIRE_THAT(refused(bf::Mlp<float, bf::Input<2>, bf::Dense<1, own_types::OwnTanh>>()),
               Contains("header: layer 1 has an activation that cannot be exported, named Tanh; "
                        "expected the library's Linear"));
}
