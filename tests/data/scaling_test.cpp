// SPDX-License-Identifier: MIT
#include "backfold/data/scaling.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "backfold/core/random.hpp"
#include "catch.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using M = Eigen::MatrixXd;
using V = Eigen::VectorXd;

M samples(Index rows, Index cols, double mean, double spread, std::uint64_t seed = 1) {
  Random random(seed);
  M x(rows, cols);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = mean + spread * normal(random);
  return x;
}

constexpr ScalingKind kinds[] = {ScalingKind::Unchanged, ScalingKind::Standard,
                                 ScalingKind::MinMax};
const double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("standard scaling gives each feature mean 0 and standard deviation 1") {
  M x = samples(3, 500, 2, 5);
  x.row(1) *= 1e-6;
  x.row(2).array() += 1e9;
  const M scaled = Scaling(x).apply(x);
  for (Index i = 0; i < 3; ++i) {
    // The mean of the last row is a double with a last digit of 1e-7.
    CHECK(std::abs(scaled.row(i).mean()) < (i == 2 ? 1e-7 : 1e-10));
    CHECK(scaled.row(i).squaredNorm() / 500 == Approx(1).epsilon(1e-10));
  }
}

TEST_CASE("min-max scaling puts the ends of each feature exactly on low and high") {
  const M x = samples(4, 100, -7, 3);
  for (const double low : {0.0, -1.0}) {
    const M scaled = Scaling(x, {.kind = ScalingKind::MinMax, .low = low}).apply(x);
    for (Index i = 0; i < 4; ++i) {
      CHECK(scaled.row(i).minCoeff() == low);
      CHECK(scaled.row(i).maxCoeff() == 1);
    }
  }
}

TEST_CASE("inverting a scaling gives the numbers back") {
  const M x = samples(3, 50, 100, 5);
  for (const ScalingKind kind : kinds) {
    const Scaling scaling(x, {.kind = kind, .low = -2, .high = 3});
    CHECK((scaling.invert(scaling.apply(x)) - x).cwiseAbs().maxCoeff() < 1e-13 * 100);
  }
}

TEST_CASE("numbers that are not to be scaled stay the same bits") {
  M x = samples(2, 5, 1, 1);
  x(0, 0) = -0.0;
  const Scaling scaling(x, {.kind = ScalingKind::Unchanged});
  CHECK(scaling.apply(x) == x);
  CHECK(std::signbit(scaling.apply(x)(0, 0)));
}

TEST_CASE("a constant feature becomes exactly the base and comes back exactly") {
  for (const double constant : {0.1, -1e300, 1e-310, 16777217.0, 0.0}) {
    M x = samples(2, 7, 0, 1);
    x.row(0).setConstant(constant);
    for (const ScalingKind kind : {ScalingKind::Standard, ScalingKind::MinMax}) {
      const Scaling scaling(x, {.kind = kind});
      const M scaled = scaling.apply(x);
      CHECK((scaled.row(0).array() == 0).all());
      CHECK((scaling.invert(scaled).row(0).array() == constant).all());
    }
  }
}

TEST_CASE("one sample can be fitted: each feature is constant") {
  const V x = V::LinSpaced(3, 1, 9);
  const Scaling scaling(x);
  CHECK(scaling.width() == V::Ones(3));
  CHECK(scaling.center() == x);
}

TEST_CASE("a mean that is large beside the spread costs no accuracy") {
  // The integers 0..3 repeated: mean 1.5, variance 1.25, exactly.
  M x(1, 4000);
  for (Index s = 0; s < 4000; ++s) x(0, s) = double(s % 4);
  const M far_away = (x.array() + 0x1p52).matrix();
  const FeatureStatistics at_once(far_away);
  CHECK(at_once.variance(0) == Approx(1.25).epsilon(1e-12));
  FeatureStatistics batches;
  for (Index s = 0; s < 4000; s += 37) {
    batches.add(far_away.middleCols(s, (std::min)(Index{37}, 4000 - s)));
  }
  CHECK(batches.count() == 4000);
  CHECK(batches.variance(0) == Approx(1.25).epsilon(1e-12));
  // Floats whose mean is no float.
  const Eigen::MatrixXf floats = (x.cast<float>().array() + 8388608.f).matrix();
  const Scaling scaling(floats);
  CHECK(scaling.center()[0] == 8388609.5);
  CHECK(scaling.apply(floats)(0, 0) == Approx(-1.5 / std::sqrt(1.25)).epsilon(1e-6));
}

TEST_CASE("statistics batch by batch are those of all samples") {
  const M x = samples(3, 200, 1e4, 1);
  const FeatureStatistics whole(x);
  for (const Index size : {1, 7, 199}) {
    FeatureStatistics parts;
    for (Index s = 0; s < 200; s += size) {
      parts.add(x.middleCols(s, (std::min)(size, Index{200} - s)));
    }
    CHECK(parts.count() == 200);
    for (Index i = 0; i < 3; ++i) {
      CHECK(std::abs(parts.mean(i) - whole.mean(i)) < 1e-12 * 1e4);
      CHECK(parts.minimum(i) == whole.minimum(i));
      CHECK(parts.maximum(i) == whole.maximum(i));
      CHECK(parts.variance(i) == Approx(whole.variance(i)).epsilon(1e-9));
    }
  }
}

TEST_CASE("a spread whose square overflows or underflows is scaled as any other") {
  const M x = samples(2, 50, 3, 2);
  const Scaling plain(x);
  for (const double unit : {0x1p700, 0x1p-700}) {
    const M in_unit = unit * x;
    FeatureStatistics statistics(in_unit.leftCols(20));
    statistics.add(in_unit.rightCols(30));
    CHECK(Scaling(in_unit).width() == unit * plain.width());
    CHECK((Scaling(statistics).apply(in_unit) - plain.apply(x)).cwiseAbs().maxCoeff() < 1e-13);
  }
}

TEST_CASE("scaling writes in place, into blocks, and to another scalar") {
  const M x = samples(3, 20, 5, 2);
  const Scaling scaling(x);
  const M expected = scaling.apply(x);
  M in_place = x, table = M::Zero(5, 20);
  scaling.apply_in_place(in_place);
  CHECK(in_place == expected);
  scaling.apply(x, table.middleRows(1, 3));
  CHECK(table.middleRows(1, 3) == expected);
  CHECK(table.row(0).isZero());
  CHECK(table.row(4).isZero());
  scaling.invert_in_place(table.middleRows(1, 3));
  CHECK(table.middleRows(1, 3).isApprox(x, 1e-14));
  Eigen::MatrixXf floats;
  scaling.apply(x, floats);
  CHECK(floats == expected.cast<float>());
  CHECK(scaling.apply<float>(x) == floats);
  CHECK(scaling.apply(x.col(4)) == expected.col(4));  // one sample
  const Eigen::RowVectorXd series = x.row(0);
  CHECK(Scaling(series).apply(series) == expected.row(0));  // one feature
}

TEST_CASE("a scaling made of its own numbers is the same scaling") {
  const M x = samples(3, 20, 5, 2);
  for (const ScalingKind kind : kinds) {
    const Scaling scaling(x, {.kind = kind, .low = -1});
    ScalingKind read_kind{};
    V center, width;
    double base = -9;
    scaling.for_each_value([&](const std::string& name, const auto& value) {
      if constexpr (std::is_same_v<decltype(value), const V&>) {
        (name == "center" ? center : width) = value;
      } else if constexpr (std::is_same_v<decltype(value), const double&>) {
        base = value;
      } else {
        read_kind = value;
      }
    });
    const Scaling copy(read_kind, center, width, base);
    CHECK(copy == scaling);
    CHECK(copy.apply(x) == scaling.apply(x));
  }
}

TEST_CASE("misuse of a scaling is refused with what was expected") {
  M x = samples(2, 5, 0, 1);
  const Scaling scaling(x);
  CHECK(said([] { Scaling(M(2, 0)); }) == "scaling: no samples to fit to");
  CHECK(said([&] { (void)scaling.apply(M(3, 5)); }) == "scaling: fitted to 2 features, got 3");
  CHECK(said([&] { (void)scaling.apply(x, M(2, 4).leftCols(4)); }) ==
        "scaling: the result is 2 x 4, the samples are 2 x 5");
  CHECK(said([&] { (void)scaling.apply(x, Eigen::Matrix3Xd()); }) ==
        "scaling: the result is 3 x 0, the samples are 2 x 5");
  CHECK(said([&] { Scaling(x, {.kind = ScalingKind::MinMax, .low = 1}); }) ==
        "scaling: needs finite low < high, got 1 and 1");
  CHECK(said([] { Scaling(ScalingKind::Standard, V(2), V(3), 0); }) ==
        "scaling: 2 centers, 3 widths");
  CHECK(said([] { Scaling(ScalingKind::Standard, V::Zero(1), V::Zero(1), 0); }) ==
        "scaling: feature 0 has center 0, width 0 and base 0, expected finite numbers and a "
        "positive width");
  CHECK(said([] {
          Scaling(M{{-1e308, 1e308}});
        }) ==
        "scaling: feature 0 lies between -1e+308 and 1e+308, a spread too large to divide by");
  CHECK(said([] {
          Scaling(M{{1e-310, 2e-310}});
        }) == "scaling: feature 0 lies between 1e-310 and 2e-310, a spread too small to divide by");
  x(1, 3) = std::numeric_limits<double>::quiet_NaN();
  CHECK(said([&] { Scaling{x}; }) ==
        "data: samples hold a number that is not finite at row 1, column 3");
  FeatureStatistics statistics(M(M::Ones(2, 3)));
  x(1, 3) = infinity;
  CHECK_THROWS(statistics.add(x));
  CHECK(statistics.count() == 3);
  CHECK(said([&] { (void)statistics.mean(2); }) == "statistics: no feature 2 of 2");
  CHECK(said([&] { statistics.add(M(3, 1)); }) == "statistics: expected 2 features, got 3");
}
