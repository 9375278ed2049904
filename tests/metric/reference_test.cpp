// SPDX-License-Identifier: MIT
// The metrics against scikit-learn's values: whole, batch by batch, weighted, with NaN where the
// weight is 0.
#include "reference/reference.hpp"

#include <limits>
#include <string>
#include <vector>

#include "backfold/metric/bits_per_symbol.hpp"
#include "backfold/metric/classification.hpp"
#include "backfold/metric/interval_coverage.hpp"
#include "backfold/metric/regression.hpp"
#include "backfold/metric/roc_auc.hpp"
#include "catch.hpp"

using namespace backfold;

namespace {

using M = Eigen::MatrixXd;
using V = Eigen::VectorXd;

const Reference& reference() {
  static const Reference values("metrics");
  return values;
}

Approx close_to(double expected) { return Approx(expected).epsilon(1e-12).margin(1e-13); }

/// Calls check(metric, tail) for metrics that were given the data in batches of several sizes,
/// without (tail "") and with weights ("_w"), masked samples replaced by NaN.
template <class T, class Check>
void for_each_way(const M& y, const M& z, const Check& check) {
  static_assert(Metric<T>);
  const V weights = reference()["classes_weights"];
  M masked_y = y, masked_z = z;
  for (Index s = 0; s < y.cols(); ++s) {
    if (weights[s] > 0) continue;
    masked_y.col(s).setConstant(std::numeric_limits<double>::quiet_NaN());
    masked_z.col(s).setConstant(std::numeric_limits<double>::quiet_NaN());
  }
  for (const Index size : {Index{1}, Index{13}, y.cols()}) {
    INFO("batches of " << size);
    T plain, weighted, of_list;
    for (Index s = 0; s < y.cols(); s += size) {
      const Index n = (std::min)(size, y.cols() - s);
      plain.add(y.middleCols(s, n), z.middleCols(s, n));
      weighted.add(masked_y.middleCols(s, n), masked_z.middleCols(s, n), weights.segment(s, n));
      const std::vector<double> list(&weights[s], &weights[s] + n);
      of_list.add(masked_y.middleCols(s, n), masked_z.middleCols(s, n), list);
    }
    check(plain, "");
    check(weighted, "_w");
    check(of_list, "_w");
  }
}

template <class T>
void check_value(const std::string& of, const std::string& key) {
  INFO(key);
  for_each_way<T>(reference()[of + "_Y"], reference()[of + "_Z"],
                  [&](const T& metric, const std::string& tail) {
                    CHECK(metric.value() == close_to(reference().number(key + tail)));
                  });
}

template <class T>
void check_each(const std::string& of, const std::string& key) {
  INFO(key);
  for_each_way<T>(reference()[of + "_Y"], reference()[of + "_Z"],
                  [&](const T& metric, const std::string& tail) {
                    const V expected = reference()[key + tail];
                    for (Index k = 0; k < expected.size(); ++k) {
                      CHECK(metric.value(k) == close_to(expected[k]));
                    }
                  });
}

}  // namespace

TEST_CASE("metrics of classes are scikit-learn's, in batches, weighted and masked") {
  check_value<Accuracy>("classes", "accuracy");
  check_value<Precision>("classes", "precision_macro");
  check_value<Recall>("classes", "recall_macro");
  check_value<F1Score>("classes", "f1_macro");
  check_value<RocAuc>("classes", "auc_macro");
  check_value<BitsPerSymbol>("classes", "bits");
  check_each<Precision>("classes", "precision_each");
  check_each<Recall>("classes", "recall_each");
  check_each<F1Score>("classes", "f1_each");
  check_each<RocAuc>("classes", "auc_each");
  struct Counts : ConfusionMatrix {
    double value() const { return accuracy(); }
  };
  for_each_way<Counts>(reference()["classes_Y"], reference()["classes_Z"],
                       [&](const Counts& counts, const std::string& tail) {
                         const M expected = reference()["confusion" + tail];
                         CHECK((counts.counts() - expected).cwiseAbs().maxCoeff() < 1e-12);
                         CHECK(counts.value() == close_to(reference().number("accuracy" + tail)));
                       });
}

TEST_CASE("metrics of yes and no are scikit-learn's, in batches, weighted and masked") {
  check_value<Accuracy>("binary", "binary_accuracy");
  check_value<RocAuc>("binary", "binary_auc");
  check_value<BitsPerSymbol>("binary", "binary_bits");
  for_each_way<F1Score>(reference()["binary_Y"], reference()["binary_Z"],
                        [&](const F1Score& f1, const std::string& tail) {
                          CHECK(f1.value(1) == close_to(reference().number("binary_f1" + tail)));
                        });
  // Two outputs that say the same, of any scalar.
  M y(2, 90), z(2, 90);
  y << 1 - reference()["binary_Y"].array(), reference()["binary_Y"];
  z << 1 - reference()["binary_Z"].array(), reference()["binary_Z"];
  RocAuc area;
  BitsPerSymbol bits;
  area.add(y, z);
  bits.add(y.cast<float>(), z);
  CHECK(area.value() == close_to(reference().number("binary_auc")));
  CHECK(bits.value() == Approx(reference().number("binary_bits")).epsilon(1e-6));
}

TEST_CASE("metrics of regression are scikit-learn's, in batches, weighted and masked") {
  // Targets about 1e6, with a last digit of 1e-10, spread over 0.5.
  const auto close = [](double expected) { return Approx(expected).epsilon(1e-9); };
  const M y = reference()["regression_Y"], z = reference()["regression_Z"];
  for_each_way<MeanAbsoluteError>(y, z, [&](const auto& metric, const std::string& tail) {
    for (Index i = 0; i < 3; ++i) CHECK(metric.value(i) == close(reference()["mae" + tail](i, 0)));
  });
  for_each_way<RootMeanSquaredError>(y, z, [&](const auto& metric, const std::string& tail) {
    for (Index i = 0; i < 3; ++i) CHECK(metric.value(i) == close(reference()["rmse" + tail](i, 0)));
    CHECK(metric.value() == close(reference().number("rmse_mean" + tail)));
  });
  for_each_way<RSquared>(y, z, [&](const auto& metric, const std::string& tail) {
    for (Index i = 0; i < 3; ++i) CHECK(metric.value(i) == close(reference()["r2" + tail](i, 0)));
    CHECK(metric.value() == close(reference().number("r2_mean" + tail)));
  });
  for_each_way<NormalizedRootMeanSquaredError>(
      y.topRows(2), z.topRows(2), [&](const auto& metric, const std::string& tail) {
        for (Index i = 0; i < 2; ++i) {
          CHECK(metric.value(i) == close(reference()["nrmse" + tail](i, 0)));
        }
      });
  const V weights = reference()["classes_weights"];
  IntervalCoverage plain, weighted;
  plain.add((y.array() - 0.5).matrix(), (y.array() + 0.4).matrix(), z);
  weighted.add((y.array() - 0.5).matrix(), (y.array() + 0.4).matrix(), z, weights);
  for (Index i = 0; i < 3; ++i) {
    CHECK(plain.value(i) == close(reference()["coverage"](i, 0)));
    CHECK(weighted.value(i) == close(reference()["coverage_w"](i, 0)));
  }
  CHECK(plain.value() == close(reference()["coverage"].mean()));
  CHECK(plain.mean_width() == Approx(0.9));
}
