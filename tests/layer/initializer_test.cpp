// SPDX-License-Identifier: MIT
#include "backfold/layer/initializer.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "difference.hpp"

namespace bf = backfold;

namespace {

struct Moments {
  double mean, deviation, least, most;
};

template <class I>
Moments moments(const I& initializer, bf::Index units, bf::Index fan_in) {
  bf::Random random(17);
  Eigen::MatrixXd w(units, fan_in);
  initializer.fill(random, w.data(), units, fan_in);
  const double mean = w.mean();
  return {mean, std::sqrt((w.array() - mean).square().mean()), w.minCoeff(), w.maxCoeff()};
}

}  // namespace

TEST_CASE("initializers draw from the distributions they name") {
  const Moments lecture = moments(bf::Uniform{}, 100, 100);
  CHECK((lecture.least >= -0.1 && lecture.least < -0.099));
  CHECK((lecture.most < 0.1 && lecture.most > 0.099));
  CHECK(std::abs(lecture.mean) < 0.003);
  const Moments normal = moments(bf::Normal{2, 0.5}, 100, 100);
  CHECK(normal.mean == Approx(2).margin(0.03));
  CHECK(normal.deviation == Approx(0.5).margin(0.02));
  CHECK(moments(bf::Glorot{}, 60, 90).most == Approx(0.2).margin(0.001));
  CHECK(moments(bf::Glorot{}, 60, 90).deviation == Approx(std::sqrt(2.0 / 150)).margin(0.005));
  CHECK(moments(bf::He{}, 60, 200).deviation == Approx(0.1).margin(0.005));
  CHECK(moments(bf::LeCun{}, 60, 400).deviation == Approx(0.05).margin(0.002));
}

TEST_CASE("orthogonal weights have orthonormal rows or columns, whichever are fewer") {
  for (const auto& [units, fan_in] : {std::pair<int, int>{5, 5}, {3, 8}, {8, 3}, {1, 4}, {4, 1}}) {
    bf::Random random(2);
    Eigen::MatrixXd w(units, fan_in);
    bf::Orthogonal{2}.fill(random, w.data(), units, fan_in);
    const Eigen::MatrixXd product =
        units > fan_in ? Eigen::MatrixXd(w.transpose() * w) : Eigen::MatrixXd(w * w.transpose());
    const int n = std::min(units, fan_in);
    CHECK(difference(product, 4 * Eigen::MatrixXd::Identity(n, n)) < 1e-13);
  }
}

TEST_CASE("weights in float are the rounded weights in double") {
  bf::Random one(4), two(4);
  float f[30];
  double d[30];
  bf::He{}.fill(one, f, 5, 6);
  bf::He{}.fill(two, d, 5, 6);
  for (int i = 0; i < 30; ++i) CHECK(f[i] == float(d[i]));
}

TEST_CASE("initializers refuse intervals and deviations that are none") {
  bf::Random random(1);
  double w[1];
  CHECK_THROWS_WITH((bf::Uniform{1, -1}.fill(random, w, 1, 1)),
                    "Uniform: needs finite low <= high, got 1 and -1");
  CHECK_THROWS_WITH((bf::Normal{0, -1}.fill(random, w, 1, 1)),
                    "Normal: deviation must be finite and >= 0, got -1");
  CHECK_THROWS_WITH((bf::Normal{std::nan(""), 1}.fill(random, w, 1, 1)),
                    "Normal: mean must be finite, got nan");
  CHECK_THROWS_WITH((bf::Orthogonal{std::nan("")}.fill(random, w, 1, 1)),
                    "Orthogonal: gain must be finite, got nan");
  for (const bf::Uniform& wide : {bf::Uniform{0, std::numeric_limits<double>::infinity()},
                                  bf::Uniform{-1.7e308, 1.7e308}, bf::Uniform{std::nan(""), 1}}) {
    CHECK_THROWS_AS(wide.fill(random, w, 1, 1), std::invalid_argument);
  }
}
