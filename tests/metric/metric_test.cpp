// SPDX-License-Identifier: MIT
#include "backfold/metric/metric.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "backfold/metric/bits_per_symbol.hpp"
#include "backfold/metric/classification.hpp"
#include "backfold/metric/interval_coverage.hpp"
#include "backfold/metric/regression.hpp"
#include "backfold/metric/roc_auc.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using M = Eigen::MatrixXd;
using V = Eigen::VectorXd;

const M classes = M::Identity(3, 3);

template <class T>
T of(const M& outputs, const M& targets) {
  T metric;
  metric.add(outputs, targets);
  return metric;
}

}  // namespace

TEST_CASE("integer weights count a sample as so many") {
  const M y = numbers(3, 6, 1);
  M z = M::Zero(3, 6), many_y(3, 9), many_z(3, 9);
  for (Index s = 0; s < 6; ++s) z(s % 3, s) = 1;
  const std::vector<int> weights = {1, 2, 0, 3, 1, 2};
  Index at = 0;
  for (Index s = 0; s < 6; ++s) {
    for (int k = 0; k < weights[std::size_t(s)]; ++k, ++at) {
      many_y.col(at) = y.col(s);
      many_z.col(at) = z.col(s);
    }
  }
  ConfusionMatrix counts;
  counts.add(y, z, weights);
  CHECK(counts.counts() == of<ConfusionMatrix>(many_y, many_z).counts());
  RSquared quality;
  quality.add(y, z, weights);
  CHECK(quality.value() == Approx(of<RSquared>(many_y, many_z).value()).epsilon(1e-13));
  const std::vector<bool> mask = {true, false, true, true, false, true};
  Accuracy masked;
  masked.add(y, z, mask);
  CHECK(masked.value() <= 1);
}

TEST_CASE("metrics read arrays and products as they read matrices") {
  const M y = numbers(3, 6, 1), a = numbers(3, 2, 2), b = numbers(2, 6, 3);
  M z = M::Zero(3, 6);
  for (Index s = 0; s < 6; ++s) z(s % 3, s) = 1;
  const V weights = V::LinSpaced(6, 1, 2);
  MeanAbsoluteError error;
  error.add(y.array() + 1, a * b, weights.array());
  MeanAbsoluteError same;
  same.add(M(y.array() + 1), M(a * b), weights);
  CHECK(error.value() == same.value());
  RocAuc area;
  area.add(y.array(), z.array() > 0.5);
  CHECK(area.value() == of<RocAuc>(y, z).value());
  IntervalCoverage coverage, same_coverage;
  coverage.add(y.array() - 1, y.array() + 1, a * b);
  same_coverage.add(M(y.array() - 1), M(y.array() + 1), M(a * b));
  CHECK(coverage.mean_width() == same_coverage.mean_width());
  CHECK(coverage.value() == same_coverage.value());
  CHECK(accuracy(y.array(), z.array()) == accuracy(y, z));
  CHECK(confusion_matrix(y.array(), z.array()) == confusion_matrix(y, z));
}

TEST_CASE("the area under the curve depends on the order of the outputs alone") {
  const M y = numbers(1, 50, 2);
  M z(1, 50);
  for (Index s = 0; s < 50; ++s) z(0, s) = y(0, s) + std::sin(double(s)) > 0 ? 1 : 0;
  const double area = of<RocAuc>(y, z).value();
  CHECK(area > 0.5);
  CHECK(of<RocAuc>((10 * y).array().exp().matrix(), z).value() == area);
  CHECK(of<RocAuc>(-y, z).value() == Approx(1 - area));
  CHECK(of<RocAuc>(M::Zero(1, 50), z).value() == 0.5);
  CHECK(of<RocAuc>(z, z).value() == 1);
}

TEST_CASE("an even guess costs log2 of the number of classes, an impossible symbol without end") {
  CHECK(of<BitsPerSymbol>(M::Constant(3, 3, 1.0 / 3), classes).value() == Approx(std::log2(3.0)));
  CHECK(of<BitsPerSymbol>(classes, classes).value() == 0);
  CHECK(of<BitsPerSymbol>(M::Zero(1, 1), M::Ones(1, 1)).value() ==
        std::numeric_limits<double>::infinity());
}

TEST_CASE("predicting the mean of the targets has R2 0 and a normalized error of 1") {
  const M z = numbers(2, 40, 3);
  const M mean = z.rowwise().mean().replicate(1, 40);
  CHECK(std::abs(of<RSquared>(mean, z).value()) < 1e-12);
  CHECK(of<NormalizedRootMeanSquaredError>(mean, z).value() == Approx(1));
  CHECK(of<RSquared>(z, z).value() == 1);
}

TEST_CASE("constant targets have R2 1 where they are met, else 0") {
  const M z = M::Constant(1, 7, 0.1);
  CHECK(of<RSquared>(z, z).value() == 1);
  CHECK(of<RSquared>((z.array() + 1e-9).matrix(), z).value() == 0);
}

TEST_CASE("metrics of regression neither overflow nor underflow") {
  const M z = numbers(2, 40, 3), y = z + 0.1 * numbers(2, 40, 4);
  const auto size = [&](double unit) {
    INFO(unit);
    CHECK(of<RSquared>(unit * y, unit * z).value() == of<RSquared>(y, z).value());
    CHECK(of<NormalizedRootMeanSquaredError>(unit * y, unit * z).value() ==
          of<NormalizedRootMeanSquaredError>(y, z).value());
    CHECK(of<RootMeanSquaredError>(unit * y, unit * z).value() ==
          unit * of<RootMeanSquaredError>(y, z).value());
  };
  size(0x1p700);
  size(0x1p-700);
  RootMeanSquaredError growing;  // 3, then 4e200
  growing.add(M::Constant(1, 1, 3), M::Zero(1, 1));
  growing.add(M::Constant(1, 1, 4e200), M::Zero(1, 1));
  CHECK(growing.value() == Approx(4e200 / std::sqrt(2)));
  growing.add(M::Constant(1, 2, 3), M::Zero(1, 2));
  CHECK(growing.value() == Approx(4e200 / 2));
}

TEST_CASE("the ends of an interval belong to it, and a reversed one is empty") {
  const Eigen::RowVector4d lower(0, 1, 2, 3), upper(1, 2, 1, 4), z(0, 2, 1.5, 5);
  IntervalCoverage coverage;
  coverage.add(lower, upper, z);
  CHECK(coverage.value() == 0.5);
  CHECK(coverage.mean_width() == 0.5);
}

TEST_CASE("a class that is never predicted has precision 0, one without samples recall 0") {
  M y = classes;
  y.col(2) = y.col(1);
  const auto counts = of<ConfusionMatrix>(y, classes);
  CHECK(counts.precision(2) == 0);
  CHECK(counts.f1(2) == 0);
  CHECK(counts.precision(1) == 0.5);
  CHECK(of<ConfusionMatrix>(classes, y).recall(2) == 0);
}

TEST_CASE("misuse of metrics is refused with what was expected") {
  CHECK(said([] { (void)Accuracy().value(); }) == "accuracy: no samples");
  CHECK(said([] { (void)F1Score().value(); }) == "confusion_matrix: no samples");
  CHECK(said([] { (void)RocAuc().value(); }) == "roc_auc: no samples");
  CHECK(said([] { (void)BitsPerSymbol().value(); }) == "bits_per_symbol: no samples");
  CHECK(said([] { (void)RSquared().value(); }) == "r_squared: no samples");
  CHECK(said([] { (void)IntervalCoverage().value(); }) == "interval_coverage: no samples");
  CHECK(said([] {
          Accuracy all_masked;
          all_masked.add(classes, classes, V(V::Zero(3)));
          (void)all_masked.value();
        }) == "accuracy: no samples");
  CHECK(said([] { Accuracy().add(classes, classes, V(V::Ones(4))); }) ==
        "accuracy: expected 3 weights, one for each column, got 4");
  CHECK(said([] {
          Accuracy().add(classes, classes, std::vector<int>{1, -1, 1});
        }) == "accuracy: weight 1 is -1, expected >= 0");
  CHECK(said([] { RSquared().add(M(2, 3), M(2, 4)); }) ==
        "regression: outputs are 2 x 3, targets 2 x 4");
  CHECK(said([] {
          RSquared quality = of<RSquared>(classes, classes);
          quality.add(M(M::Zero(2, 3)), M(M::Zero(2, 3)));
        }) == "regression: outputs have 2 rows, those of earlier batches 3");
  CHECK(said([] { (void)of<RSquared>(M::Zero(1, 1), M::Zero(1, 1)).value(); }) ==
        "r_squared: needs two samples, got 1");
  CHECK(said([] {
          (void)of<NormalizedRootMeanSquaredError>(M::Zero(1, 2), M::Ones(1, 2)).value();
        }) == "normalized_root_mean_squared_error: the targets of output 0 are constant");
  CHECK(said([] { (void)of<RSquared>(classes, classes).value(3); }) ==
        "r_squared: no output 3 of 3");
  CHECK(said([] { (void)of<F1Score>(classes, classes).value(3); }) ==
        "confusion_matrix: no class 3 of 3");
  CHECK(said([] { (void)of<RocAuc>(M::Zero(1, 2), M::Ones(1, 2)).value(); }) ==
        "roc_auc: all samples are of class 1");
  CHECK(said([] { (void)of<RocAuc>(M::Zero(1, 2), M::Zero(1, 2)).value(); }) ==
        "roc_auc: no samples are of class 1");
  CHECK(said([] { (void)of<BitsPerSymbol>(2 * classes, classes); }) ==
        "bits_per_symbol: output 2 at row 0, column 0 is no probability");
  CHECK(said([] { (void)of<BitsPerSymbol>(M::Constant(3, 3, 0.5), classes); }) ==
        "bits_per_symbol: the outputs of column 0 sum to 1.5, expected probabilities");
}
