// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include "backfold/activation/check_activation.hpp"
#include "backfold/activation/elu.hpp"
#include "backfold/activation/gelu.hpp"
#include "backfold/activation/leaky_relu.hpp"
#include "backfold/activation/linear.hpp"
#include "backfold/activation/relu.hpp"
#include "backfold/activation/sigmoid.hpp"
#include "backfold/activation/silu.hpp"
#include "backfold/activation/softmax.hpp"
#include "backfold/activation/softplus.hpp"
#include "backfold/activation/tanh.hpp"
#include "catch.hpp"
#include "softsign.hpp"

namespace bf = backfold;

namespace {

template <class A>
void passes(const A& activation) {
  const bf::Report report = bf::check_activation(activation);
  INFO(report.failures());
  CHECK(report.ok());
}

template <class A>
double value(const A& activation, double net) {
  return activation.value(bf::Lanes<double>(net)).first();
}

/// Its derivative has the wrong sign, its value depends on the lane, it swallows NaN.
struct Broken {
  template <class V>
  V value(const V& net) const {
    return select(net > V(0), net, V(0));
  }
  template <class V>
  V derivative(const V& x) const {
    return select(x > V(0), V(-1), V(0));
  }
};

/// Right but for NaN, which it takes as 0, and in float, where it is half as steep.
struct Blind {
  template <class V>
  V value(const V& net) const {
    return (sizeof(typename V::Scalar) == 4 ? 0.5 : 1.0) * select(net == net, net, V(0));
  }
  template <class V>
  V derivative(const V&) const {
    return V(sizeof(typename V::Scalar) == 4 ? 0.5 : 1.0);
  }
};
struct BlindColumn : bf::Softmax {
  template <class S>
  void apply(S* x, bf::Index units) const {
    for (bf::Index i = 0; i < units; ++i) x[i] = std::isnan(x[i]) ? S(0) : x[i];
    bf::Softmax::apply(x, units);
  }
};
struct BrokenColumn {
  template <class S>
  void apply(S* x, bf::Index units) const {
    bf::Softmax{}.apply(x, units);
  }
  template <class S>
  void multiply_by_derivative(const S* output, S* delta, bf::Index units) const {
    for (bf::Index i = 0; i < units; ++i) delta[i] *= output[i] * (1 - output[i]);
  }
};

}  // namespace

TEST_CASE("every activation passes the list of checks") {
  passes(bf::Linear{});
  passes(bf::Sigmoid{});
  passes(bf::Sigmoid{.slope = 2.5});
  passes(bf::Tanh{});
  passes(bf::Tanh{.slope = 0.3});
  passes(bf::Relu{});
  passes(bf::LeakyRelu{});
  passes(bf::LeakyRelu{.slope = 0.2});
  passes(bf::Elu{});
  passes(bf::Elu{.alpha = 0.5});
  passes(bf::Gelu{});
  passes(bf::Silu{});
  passes(bf::Softplus{});
  passes(bf::Softmax{});
  passes(Softsign{});
}

TEST_CASE("the list of checks finds a wrong derivative and a swallowed NaN") {
  const bf::Report report = bf::check_activation(Broken{});
  CHECK(report.failures().find("derivative at net") != std::string::npos);
  CHECK(report.failures().find("NaN becomes a number") != std::string::npos);
  CHECK_FALSE(bf::check_activation(BrokenColumn{}).ok());
  const std::string blind = bf::check_activation(Blind{}).failures();
  CHECK(blind.find("derivative at net") == std::string::npos);
  CHECK(blind.find("float and double differ") != std::string::npos);
  CHECK(blind.find("NaN becomes a number") != std::string::npos);
  CHECK(bf::check_activation(BlindColumn{}).failures().find("NaN at unit 4") != std::string::npos);
}

TEST_CASE("activations have the values of their formulas") {
  for (const double net : {-3.0, -0.7, 0.0, 0.4, 2.9}) {
    CAPTURE(net);
    CHECK(value(bf::Linear{}, net) == net);
    CHECK(value(bf::Sigmoid{.slope = 0.7}, net) == Approx(1 / (1 + std::exp(-0.7 * net))));
    CHECK(value(bf::Tanh{.slope = 1.5}, net) == Approx(std::tanh(1.5 * net)));
    CHECK(value(bf::Relu{}, net) == std::max(net, 0.0));
    CHECK(value(bf::LeakyRelu{.slope = 0.1}, net) == Approx(net > 0 ? net : 0.1 * net));
    CHECK(value(bf::Elu{.alpha = 2}, net) == Approx(net > 0 ? net : 2 * std::expm1(net)));
    CHECK(value(bf::Gelu{}, net) == Approx(net * 0.5 * std::erfc(-net / std::sqrt(2.0))));
    CHECK(value(bf::Silu{}, net) == Approx(net / (1 + std::exp(-net))));
    CHECK(value(bf::Softplus{}, net) == Approx(std::log1p(std::exp(net))));
  }
}

TEST_CASE("the rectifier has derivative 0 at 0 and keeps NaN at every lane", "[nan]") {
  using V = bf::Lanes<float>;
  CHECK(bf::Relu{}.derivative(V(0)).first() == 0);
  for (int at = 0; at < V::size; ++at) {
    float net[V::size] = {};
    net[at] = std::numeric_limits<float>::quiet_NaN();
    bf::Relu{}.value(V::load(net)).store(net);
    for (int i = 0; i < V::size; ++i) CHECK(std::isnan(net[i]) == (i == at));
  }
}

TEST_CASE("activations reach their limits at infinity") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(value(bf::Sigmoid{}, -inf) == 0);
  CHECK(value(bf::Sigmoid{}, inf) == 1);
  CHECK(value(bf::Tanh{}, -inf) == -1);
  CHECK(value(bf::Silu{}, -inf) == 0);
  CHECK(value(bf::Gelu{}, -inf) == 0);
  CHECK(value(bf::Elu{}, -inf) == -1);
  CHECK(value(bf::Softplus{}, -inf) == 0);
  CHECK(value(bf::Softplus{}, inf) == inf);
}

TEMPLATE_TEST_CASE("softmax sums to one for any finite net inputs, of one class too", "", float,
                   double) {
  using S = TestType;
  for (const bf::Index units : {1, 2, 5, 16, 17, 40}) {
    std::vector<S> x(static_cast<std::size_t>(units));
    for (bf::Index i = 0; i < units; ++i) {
      x[static_cast<std::size_t>(i)] = static_cast<S>(i % 3 == 0 ? 1e4 : -1e4 + double(i));
    }
    bf::Softmax{}.apply(x.data(), units);
    S sum(0);
    for (const S p : x) {
      CHECK(p >= 0);
      sum += p;
    }
    CHECK(sum == Approx(1).epsilon(1e-5));
  }
}
