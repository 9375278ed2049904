// SPDX-License-Identifier: MIT
#include "backfold/loss/check_loss.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "backfold/activation/linear.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/loss/absolute_error.hpp"
#include "backfold/loss/gaussian_nll.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/loss/huber.hpp"
#include "backfold/loss/log_cosh.hpp"
#include "backfold/loss/output_error.hpp"
#include "backfold/loss/pinball.hpp"
#include "backfold/loss/poisson.hpp"
#include "backfold/loss/quantiles.hpp"
#include "catch.hpp"

namespace bf = backfold;
using bf::Dynamic;
using bf::Index;

namespace {

template <class L>
void passes(const L& loss) {
  const bf::Report report = bf::check_loss(loss);
  INFO(report.failures());
  CHECK(report.ok());
}

struct WrongSign {
  template <class V>
  V value(const V& y, const V& z) const {
    return (y - z) * (y - z);
  }
  template <class V>
  V derivative(const V& y, const V& z) const {
    return 2 * (z - y);
  }
};

struct WrongInFloat : bf::HalfSquaredError {
  template <class V>
  V derivative(const V& y, const V& z) const {
    return (sizeof(typename V::Scalar) == 4 ? 1.1 : 1.0) * (y - z);
  }
};

/// Its means and log variances do not alternate.
struct WrongOutputs : bf::GaussianNll {
  static constexpr bf::Index output_of(bf::Index target, bf::Index k, bf::Index) {
    return 2 * target + k;
  }
};

struct WrongColumn {
  static constexpr Index outputs_per_target = 2;
  template <class S>
  S column(const S* y, const S* z, Index units) const {
    return units > 3 ? (y[3] - z[1]) * (y[3] - z[1]) : S(0);
  }
  template <class S>
  void column_derivative(const S* y, const S* z, Index units, S scale, S* d) const {
    for (Index j = 0; j < units; ++j) d[j] = S(0);
    d[2] = scale * 2 * (y[3] - z[1]);  // of the wrong output
  }
};

/// E and delta of one column, with the output computed from the net input.
template <class S, class L, class A>
double error_of(const L& loss, const A& activation, const std::vector<S>& net,
                const std::vector<S>& target, std::vector<S>& delta) {
  std::vector<S> output = net;
  if constexpr (bf::ElementwiseActivation<A>) {
    bf::transform_into(
        output.data(), Index(net.size()), [&](const auto& v) { return activation.value(v); },
        net.data());
  } else {
    activation.apply(output.data(), Index(net.size()));
  }
  delta.assign(net.size(), S(77));
  return bf::detail::output_error<true, Dynamic, Dynamic>(
      loss, activation, net.data(), output.data(), target.data(), Index(net.size()),
      Index(net.size()), Index{1}, static_cast<const S*>(nullptr), 1.0, delta.data());
}

/// delta against central differences of E, for one pair.
template <class L, class A>
void delta_is_the_derivative(const L& loss, const A& activation, std::vector<double> target) {
  std::vector<double> net = {0.3, -1.2, 0.8, 0.05, -0.4};
  target.resize(net.size(), 0);
  std::vector<double> delta, unused;
  error_of(loss, activation, net, target, delta);
  for (std::size_t i = 0; i < net.size(); ++i) {
    const double h = 1e-6;
    const double at = net[i];
    net[i] = at + h;
    const double above = error_of(loss, activation, net, target, unused);
    net[i] = at - h;
    const double below = error_of(loss, activation, net, target, unused);
    net[i] = at;
    CAPTURE(i, delta[i], (above - below) / (2 * h));
    CHECK(std::abs(delta[i] - (above - below) / (2 * h)) < 2e-8);
  }
}

}  // namespace

TEST_CASE("every loss passes the list of checks") {
  passes(bf::HalfSquaredError{});
  passes(bf::AbsoluteError{});
  passes(bf::Huber{});
  passes(bf::Huber{.threshold = 0.2});
  passes(bf::LogCosh{});
  passes(bf::Poisson{});
  passes(bf::Pinball{});
  passes(bf::Pinball{.quantile = 0.05});
  passes(bf::BinaryCrossEntropy{});
  passes(bf::CategoricalCrossEntropy{});
  passes(bf::Quantiles{0.05, 0.5, 0.9, 0.95});
  passes(bf::Quantiles{0.3});
  passes(bf::GaussianNll{});
  passes(bf::GaussianNll{.full = true});
}

TEST_CASE("the list of checks finds a derivative of the wrong sign, and one wrong in float") {
  CHECK_FALSE(bf::check_loss(WrongSign{}).ok());
  CHECK_FALSE(bf::check_loss(WrongInFloat{}).ok());
  CHECK_FALSE(bf::check_loss(WrongColumn{}).ok());
  CHECK_FALSE(bf::check_loss(WrongOutputs{}).ok());
}

TEST_CASE("a cross-entropy after a steep Sigmoid is 0 where its target is met") {
  const bf::Sigmoid steep{.slope = 10};  // slope·net overflows
  std::vector<float> delta;
  for (const auto& [net, target] : {std::pair(1e38f, 1.f), std::pair(-1e38f, 0.f)}) {
    CHECK(error_of<float>(bf::BinaryCrossEntropy{}, steep, {net}, {target}, delta) == 0);
    CHECK(error_of<float>(bf::CategoricalCrossEntropy{}, steep, {net}, {target}, delta) == 0);
  }
}

TEST_CASE("the delta of every pair is the derivative of its error by the net input") {
  const std::vector<double> probabilities = {0.2, 0.7, 0.0, 1.0, 0.4};
  const std::vector<double> one_hot = {0, 0, 1, 0, 0};
  const std::vector<double> numbers = {1.5, -0.3, 0.2, 2.0, -1.0};
  delta_is_the_derivative(bf::HalfSquaredError{}, bf::Linear{}, numbers);
  delta_is_the_derivative(bf::HalfSquaredError{}, bf::Softmax{}, one_hot);
  delta_is_the_derivative(bf::AbsoluteError{}, bf::Tanh{}, numbers);
  delta_is_the_derivative(bf::Huber{.threshold = 0.5}, bf::Sigmoid{.slope = 3}, numbers);
  delta_is_the_derivative(bf::LogCosh{}, bf::Linear{}, numbers);
  delta_is_the_derivative(bf::Poisson{}, bf::Linear{}, probabilities);
  delta_is_the_derivative(bf::Pinball{.quantile = 0.9}, bf::Tanh{}, numbers);
  delta_is_the_derivative(bf::BinaryCrossEntropy{}, bf::Sigmoid{}, probabilities);
  delta_is_the_derivative(bf::BinaryCrossEntropy{}, bf::Sigmoid{.slope = 0.4}, probabilities);
  delta_is_the_derivative(bf::BinaryCrossEntropy{}, bf::Softmax{}, probabilities);
  delta_is_the_derivative(bf::CategoricalCrossEntropy{}, bf::Softmax{}, one_hot);
  delta_is_the_derivative(bf::CategoricalCrossEntropy{}, bf::Softmax{}, probabilities);
  delta_is_the_derivative(bf::CategoricalCrossEntropy{}, bf::Sigmoid{.slope = 1.7}, one_hot);
}

TEST_CASE("cross-entropies are those of their formulas") {
  std::vector<double> delta;
  const std::vector<double> net = {0.3, -1.2, 0.8};
  const std::vector<double> z = {0, 0, 1};
  const double sum = std::exp(0.3) + std::exp(-1.2) + std::exp(0.8);
  CHECK(error_of(bf::CategoricalCrossEntropy{}, bf::Softmax{}, net, z, delta) ==
        Approx(-std::log(std::exp(0.8) / sum)).epsilon(1e-14));
  CHECK(delta[0] == Approx(std::exp(0.3) / sum).epsilon(1e-14));
  double binary = 0;
  for (int i = 0; i < 3; ++i) {
    const double y = 1 / (1 + std::exp(-net[i]));
    binary -= z[i] * std::log(y) + (1 - z[i]) * std::log(1 - y);
  }
  CHECK(error_of(bf::BinaryCrossEntropy{}, bf::Sigmoid{}, net, z, delta) ==
        Approx(binary).epsilon(1e-14));
}

TEST_CASE("cross-entropies stay finite, with the right limits, for net inputs of 1e4 in float") {
  std::vector<float> delta;
  using Row = std::vector<float>;
  // The right answer far away costs nothing, the wrong one its distance.
  CHECK(error_of(bf::BinaryCrossEntropy{}, bf::Sigmoid{}, Row{1e4f}, Row{1}, delta) == 0);
  CHECK(delta[0] == 0);
  CHECK(error_of(bf::BinaryCrossEntropy{}, bf::Sigmoid{}, Row{-1e4f}, Row{1}, delta) == 1e4);
  CHECK(delta[0] == -1);
  CHECK(error_of(bf::BinaryCrossEntropy{}, bf::Sigmoid{}, Row{1e4f}, Row{0}, delta) == 1e4);
  CHECK(delta[0] == 1);
  // (1 − z)·x, where z is near 1.
  CHECK(error_of(bf::BinaryCrossEntropy{}, bf::Sigmoid{}, Row{1e4f}, Row{1 - 0x1p-24f}, delta) ==
        Approx(1e4 * 0x1p-24).epsilon(1e-6).margin(0));
  CHECK(error_of(bf::CategoricalCrossEntropy{}, bf::Softmax{}, Row{1e4f, -1e4f}, Row{1, 0},
                 delta) == 0);
  CHECK(error_of(bf::CategoricalCrossEntropy{}, bf::Softmax{}, Row{1e4f, -1e4f}, Row{0, 1},
                 delta) == 2e4);
  CHECK(delta == Row{1, -1});
  CHECK(error_of(bf::CategoricalCrossEntropy{}, bf::Sigmoid{}, Row{-1e4f, 1e4f}, Row{1, 0},
                 delta) == 1e4);
  CHECK(delta == Row{-1, 0});
  // Further than numbers reach, a class without target still adds 0.
  CHECK(error_of(bf::CategoricalCrossEntropy{}, bf::Softmax{}, Row{3e38f, -3e38f}, Row{1, 0},
                 delta) == 0);
  CHECK(delta == Row{0, 0});
  // Pairs that go through the output are clamped to finite numbers.
  for (const float net : {-1e4f, 1e4f}) {
    for (const float z : {0.f, 1.f}) {
      CHECK(std::isfinite(
          error_of(bf::BinaryCrossEntropy{}, bf::Softmax{}, Row{net, -net}, Row{z, 1 - z}, delta)));
      CHECK((std::isfinite(delta[0]) && std::isfinite(delta[1])));
      CHECK(std::isfinite(
          error_of(bf::CategoricalCrossEntropy{}, bf::Linear{}, Row{net}, Row{z}, delta)));
      CHECK(std::isfinite(delta[0]));
    }
  }
}

TEMPLATE_TEST_CASE("a batch is the sum of its columns, fixed sizes or not, weighed or not", "",
                   float, double) {
  using S = TestType;
  constexpr Index units = 3;
  constexpr Index columns = 7;
  std::vector<S> output(units * columns), net(units * columns), target(units * columns);
  for (std::size_t i = 0; i < output.size(); ++i) {
    net[i] = static_cast<S>(std::sin(double(i)));
    output[i] = static_cast<S>(1 / (1 + std::exp(-double(net[i]))));
    target[i] = static_cast<S>(i % 2);
  }
  const std::vector<S> weights = {1, 2, 0, 0.5, 1, 3, 1};
  std::vector<S> delta(output.size()), one(units);
  const bf::BinaryCrossEntropy loss;
  const bf::Sigmoid activation;
  for (const bool weighed : {false, true}) {
    const double all = bf::detail::output_error<true, units, Dynamic>(
        loss, activation, net.data(), output.data(), target.data(), units, units, columns,
        weighed ? weights.data() : nullptr, 0.25, delta.data());
    double sum = 0;
    for (Index c = 0; c < columns; ++c) {
      const double w = weighed ? double(weights[std::size_t(c)]) : 1;
      const auto at = c * units;
      sum += w * bf::detail::output_error<true, Dynamic, 1>(
                     loss, activation, net.data() + at, output.data() + at, target.data() + at,
                     units, units, Index{1}, static_cast<const S*>(nullptr), 1.0, one.data());
      for (Index i = 0; i < units; ++i) {
        CHECK(double(delta[std::size_t(at + i)]) ==
              Approx(0.25 * w * double(one[std::size_t(i)])).margin(1e-7));
      }
    }
    CHECK(all == Approx(sum).epsilon(1e-6));
  }
}

TEST_CASE("small errors are not lost behind a large one: the sum over a batch is in double") {
  constexpr Index n = 4001;
  std::vector<float> y(n, 0.f), z(n, 1.f), delta(n);
  z[0] = 65536;  // ½z² is 2^31, where a float has steps of 256; the others add ½ each
  const double error = bf::detail::output_error<true, 1, Dynamic>(
      bf::HalfSquaredError{}, bf::Linear{}, y.data(), y.data(), z.data(), Index{1}, Index{1}, n,
      static_cast<const float*>(nullptr), 1.0, delta.data());
  CHECK(std::abs(error - (0x1p31 + 2000)) < 100);
}

TEST_CASE("a column of weight 0 adds nothing, whatever stands in it", "[nan]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> output = {0.5, nan, 0.2}, net = {0, nan, 1}, target = {1, 1, nan};
  const std::vector<double> weights = {1, 0, 0};
  std::vector<double> delta(3, nan);
  const double error = bf::detail::output_error<true, 1, Dynamic>(
      bf::HalfSquaredError{}, bf::Linear{}, net.data(), output.data(), target.data(), Index{1},
      Index{1}, Index{3}, weights.data(), 1.0, delta.data());
  CHECK(error == 0.125);
  CHECK(delta == std::vector<double>{-0.5, 0, 0});
}

TEMPLATE_TEST_CASE("ln cosh keeps its relative accuracy from 1e-18 to the largest number", "",
                   float, double) {
  using V = bf::Lanes<TestType>;
  const bf::LogCosh loss;
  for (double d = 1e-18; d < 1e38; d *= 1.37) {
    const auto at = static_cast<TestType>(d);
    const long double x = at;
    // ln cosh x = x + ln(1 + e⁻²ˣ) − ln 2, and its series where that cancels.
    const long double x2 = x * x;
    const long double expected =
        x < 0.02L ? x2 / 2 * (1 - x2 / 6 + 2 * x2 * x2 / 45 - 17 * x2 * x2 * x2 / 1260)
                  : x + std::log1p(std::exp(-2 * x)) - std::log(2.0L);
    if (expected < (std::numeric_limits<TestType>::min)()) continue;
    for (const TestType y : {at, -at}) {
      const long double value = loss.value(V(y), V(TestType(0))).first();
      CAPTURE(y, value, expected);
      CHECK(std::abs(value / expected - 1) < 10 * std::numeric_limits<TestType>::epsilon());
    }
  }
}

TEST_CASE("the constant with the least pinball loss is the quantile of the targets") {
  const double z[] = {0.1, 0.4, 0.9, 1.6, 2.5, 3.6, 4.9, 6.4, 8.1};  // nine: no ties at a multiple
  for (const double quantile : {0.05, 0.3, 0.5, 0.7, 0.95}) {
    const bf::Pinball loss{.quantile = quantile};
    auto total = [&](double y) {
      double sum = 0;
      for (const double target : z) {
        sum += loss.value(bf::Lanes<double>(y), bf::Lanes<double>(target)).first();
      }
      return sum;
    };
    const double at = z[static_cast<int>(quantile * 9)];
    CHECK(total(at) < total(at + 0.01));
    CHECK(total(at) < total(at - 0.01));
  }
  CHECK_THROWS_WITH((bf::check_settings(bf::Pinball{.quantile = 1})),
                    "Pinball: quantile must lie between 0 and 1, got 1");
}
