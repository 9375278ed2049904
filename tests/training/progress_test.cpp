// SPDX-License-Identifier: MIT
#include "backfold/training/hook/progress.hpp"

#include <algorithm>
#include <regex>
#include <sstream>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

std::string written(ProgressStyle style) {
  Mlp<double, Input<2>, Dense<1, Linear>> net;
  const Eigen::MatrixXd X = numbers(2, 10, 1), Z = numbers(1, 10, 2);
  const Samples data(X, Z);
  std::ostringstream stream;
  Validate validate(data);
  fit(net, HalfSquaredError{}, Sgd{}, data, {.epochs = 3}, validate, Progress(stream, style));
  return stream.str();
}

}  // namespace

TEST_CASE("Progress writes a line for each epoch where the output is no terminal") {
  const std::string line =
      R"(epoch \d/3  loss [\d.e+-]+  validation [\d.e+-]+  [\d.e+]+ samples/s  \d+:\d\d left\n)";
  for (const ProgressStyle style : {ProgressStyle::Automatic, ProgressStyle::Lines}) {
    const std::string text = written(style);
    INFO(text);
    CHECK(std::regex_match(text, std::regex("(" + line + "){3}")));
  }
}

TEST_CASE("Progress writes one line anew as a bar on a terminal") {
  const std::string text = written(ProgressStyle::Bar);
  INFO(text);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.back() == '\n');
  CHECK(std::count(text.begin(), text.end(), '\r') >= 3);
  CHECK(text.find("[========                ] epoch 1/3  loss ") != std::string::npos);
  CHECK(text.find("[========================] epoch 3/3  loss ") != std::string::npos);
}
