// SPDX-License-Identifier: MIT
#include "backfold/optimizer/clip.hpp"

#include "backfold/optimizer/check_optimizer.hpp"
#include "backfold/optimizer/momentum.hpp"
#include "backfold/optimizer/sgd.hpp"
#include "catch.hpp"

namespace bf = backfold;

namespace {

template <class O>
Eigen::Vector2d after_step(const O& optimizer, double a, double b) {
  Eigen::Vector2d w(0, 0);
  auto state = bf::start<double, 2>(optimizer);
  optimizer.step(
      w.data(),
      [&](const double*, double* g) {
        g[0] = a;
        g[1] = b;
        return 1.0;
      },
      state);
  return w;
}

}  // namespace

TEST_CASE("a gradient longer than the norm is scaled to it, a shorter one is left alone") {
  const bf::ClipNorm clip{bf::Sgd{.learning_rate = 1}, 2.0};
  CHECK((after_step(clip, 30, 40) - Eigen::Vector2d(-1.2, -1.6)).norm() < 1e-15);
  CHECK(after_step(clip, 0.3, 0.4) == Eigen::Vector2d(-0.3, -0.4));
  CHECK(after_step(clip, 0, 0).isZero());
  CHECK((after_step(clip, 3e200, 4e200) - Eigen::Vector2d(-1.2, -1.6)).norm() < 1e-15);
}

TEST_CASE("each number of a gradient is held to the largest value") {
  const bf::ClipValue clip{bf::Sgd{.learning_rate = 1}, 2.0};
  CHECK(after_step(clip, 30, -0.5) == Eigen::Vector2d(-2, 0.5));
  CHECK(after_step(clip, -3, 3) == Eigen::Vector2d(2, -2));
}

TEST_CASE(
    "clipping optimizers pass the list of checks, a gradient of NaN is not clipped to a number") {
  for (const auto& report : {bf::check_optimizer(bf::ClipNorm{bf::Momentum{}, 0.5}),
                             bf::check_optimizer(bf::ClipValue{bf::Momentum{}, 0.5})}) {
    INFO(report.failures());
    CHECK(report.ok());
  }
}

TEST_CASE("clipping refuses bounds that are none, and settings of its optimizer") {
  CHECK_THROWS_AS(bf::start<double>(bf::ClipNorm{bf::Sgd{}, 0.0}, 2), std::invalid_argument);
  CHECK_THROWS_AS(bf::start<double>(bf::ClipValue{bf::Sgd{}, -1.0}, 2), std::invalid_argument);
  CHECK_THROWS_WITH(bf::start<double>(bf::ClipNorm{bf::Sgd{-1}, 1.0}, 2),
                    "Sgd: learning_rate must be finite and >= 0, got -1");
}
