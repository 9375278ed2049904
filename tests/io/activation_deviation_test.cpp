// SPDX-License-Identifier: MIT
#include <backfold/backfold.hpp>
#include <backfold/io/activation_deviation.hpp>

#include "catch.hpp"
#include "numbers.hpp"

namespace bf = backfold;
using bf::detail::Deviation;
using bf::detail::Interval;

namespace {

template <class A>
Eigen::ArrayXd values(const A& activation, const Eigen::ArrayXd& net) {
  Eigen::ArrayXd x(net.size());
  bf::detail::activate<bf::Dynamic>(activation, net.data(), x.data(), net.size(), 1);
  return x;
}

/// The bounds for drawn ranges hold for drawn pairs in them, and a pair comes near to each.
template <class A>
void bounds_hold(const A& activation, double a = 1) {
  INFO(A::name << " " << a);
  bf::Random random(5);
  for (int n = 0; n < 300; ++n) {
    const double size = std::exp(bf::uniform(random, -3, 4)), middle = bf::uniform(random, -6, 6);
    const Interval range(middle - size, middle + size);
    const double most = bf::uniform(random, 0, 1) * size;
    const Deviation out =
        bf::detail::through<double>(bf::detail::curve_of(A::name), {range, {-most, most}}, a);
    double lowest = out.range.upper, widest = 0;
    const Eigen::ArrayXd nets =
        Eigen::ArrayXd::LinSpaced(401, range.lower, range.upper - most).min(range.upper - most);
    const Eigen::ArrayXd before = values(activation, nets);
    const Eigen::ArrayXd changed = values(activation, nets + most);
    for (int k = 0; k <= 400; ++k) {
      const double x = before(k), after = changed(k);
      INFO(nets(k) << ", then " << nets(k) + most << " in [" << range.lower << ", " << range.upper
                   << "]");
      REQUIRE((out.range.contains(x) && out.range.contains(after)));
      REQUIRE((out.error.contains(after - x) && out.error.contains(x - after)));
      lowest = (std::min)({lowest, x, after});
      widest = (std::max)(widest, std::abs(after - x));
    }
    REQUIRE(out.error.magnitude() <= (out.range.upper - out.range.lower) * (1 + 1e-9) + 1e-12);
    REQUIRE(lowest - out.range.lower <= 0.02 * size + 1e-12);
    if (most < 0.01 * size && size < 20) {
      REQUIRE(out.error.magnitude() <= 1.1 * widest + 1e-12);
    }
  }
}

}  // namespace

TEST_CASE("deviations through activations are bounded, and tightly") {
  bounds_hold(bf::Linear{});
  bounds_hold(bf::Sigmoid{});
  bounds_hold(bf::Sigmoid{3}, 3);
  bounds_hold(bf::Tanh{});
  bounds_hold(bf::Tanh{0.5}, 0.5);
  bounds_hold(bf::Relu{});
  bounds_hold(bf::LeakyRelu{0.1}, 0.1);
  bounds_hold(bf::LeakyRelu{2}, 2);
  bounds_hold(bf::Elu{}, 1);
  bounds_hold(bf::Elu{1.5}, 1.5);
  bounds_hold(bf::Gelu{});
  bounds_hold(bf::Silu{});
  bounds_hold(bf::Softplus{});
}

TEST_CASE("deviations through a softmax are bounded") {
  bf::Random random(8);
  const auto drawn = [&](double size) { return bf::uniform(random, -size, size); };
  for (int n = 0; n < 300; ++n) {
    std::vector<Deviation> x(4);
    for (Deviation& unit : x) {
      const double middle = drawn(3), size = std::exp(drawn(3)), most = size * std::abs(drawn(1));
      unit = {{middle - size, middle + size}, {-most, most / 2}};
    }
    std::vector<Deviation> out = x;
    bf::detail::through_softmax<double>(out);
    for (int k = 0; k < 200; ++k) {
      Eigen::Vector4d net, other;
      for (int i = 0; i < 4; ++i) {
        const Deviation& unit = x[std::size_t(i)];
        net(i) = bf::uniform(random, unit.range.lower, unit.range.upper);
        const double change = bf::uniform(random, unit.error.lower, unit.error.upper);
        other(i) = std::clamp(net(i) + change, unit.range.lower, unit.range.upper);
      }
      bf::Softmax{}.apply(net.data(), 4);
      bf::Softmax{}.apply(other.data(), 4);
      for (int i = 0; i < 4; ++i) {
        REQUIRE((out[std::size_t(i)].range.contains(net(i)) &&
                 out[std::size_t(i)].range.contains(other(i)) &&
                 out[std::size_t(i)].error.contains(other(i) - net(i))));
      }
    }
  }
}
