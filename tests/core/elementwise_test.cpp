// SPDX-License-Identifier: MIT
#include "backfold/core/elementwise.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"

namespace bf = backfold;

namespace {

struct Exp {
  static constexpr double ulp_float = 2, ulp_double = 2;
  template <class V>
  V operator()(const V& x) const {
    return exp(x);
  }
  static long double exact(long double x) { return std::exp(x); }
};
struct Sigmoid {
  static constexpr double ulp_float = 3, ulp_double = 3;
  template <class V>
  V operator()(const V& x) const {
    return sigmoid(x);
  }
  static long double exact(long double x) { return 1 / (1 + std::exp(-x)); }
};
// As far out as its results are normal in float.
struct SmallerSigmoid {
  static constexpr double ulp_float = 3, ulp_double = 3;
  template <class V>
  V operator()(const V& x) const {
    return smaller_sigmoid(at_most(at_least(x, V(-80)), V(80)));
  }
  static long double exact(long double x) {
    return 1 / (1 + std::exp(std::min(std::abs(x), 80.0L)));
  }
};
struct Tanh {
  static constexpr double ulp_float = 3, ulp_double = 3;
  template <class V>
  V operator()(const V& x) const {
    return tanh(x);
  }
  static long double exact(long double x) { return std::tanh(x); }
};
struct Expm1 {
  static constexpr double ulp_float = 3, ulp_double = 3;
  template <class V>
  V operator()(const V& x) const {
    return expm1(x);
  }
  static long double exact(long double x) { return std::expm1(x); }
};
struct Log1p {
  static constexpr double ulp_float = 4, ulp_double = 4;
  template <class V>
  V operator()(const V& x) const {
    return log1p(x);
  }
  static long double exact(long double x) { return std::log1p(x); }
};
struct Softplus {
  static constexpr double ulp_float = 4, ulp_double = 4;
  template <class V>
  V operator()(const V& x) const {
    return softplus(x);
  }
  static long double exact(long double x) {
    return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x)));
  }
};
struct Sqrt {
  static constexpr double ulp_float = 0.5, ulp_double = 0.5;
  template <class V>
  V operator()(const V& x) const {
    return sqrt(x);
  }
  static long double exact(long double x) { return std::sqrt(x); }
};

// Where they are meant to be used: for positive numbers with normal results.
struct InverseSqrt {
  static constexpr double ulp_float = 2, ulp_double = 2;
  template <class V>
  V operator()(const V& x) const {
    return inverse_sqrt(at_least(abs(x), V(0x1p-120)));
  }
  static long double exact(long double x) {
    return 1 / std::sqrt(std::max(std::abs(x), 0x1p-120L));
  }
};
struct Inverse {
  static constexpr double ulp_float = 2, ulp_double = 2;
  template <class V>
  V operator()(const V& x) const {
    return inverse(at_most(at_least(abs(x), V(0x1p-120)), V(0x1p120)));
  }
  static long double exact(long double x) {
    return 1 / std::clamp(std::abs(x), 0x1p-120L, 0x1p120L);
  }
};

template <class S>
std::vector<S> sweep() {
  // Each exponent, including denormal numbers, with a hundred mantissas of both signs, and a fine
  // grid where things happen.
  std::vector<S> xs;
  std::uint64_t state = 42;
  const int lowest = std::numeric_limits<S>::min_exponent - std::numeric_limits<S>::digits;
  const int highest = std::numeric_limits<S>::max_exponent;
  for (int e = lowest; e < highest; ++e) {
    for (int k = 0; k < 60; ++k) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      const S mantissa = S(1) + static_cast<S>(static_cast<double>(state >> 11) * 0x1p-53);
      const S x = std::ldexp(mantissa, e - 1);
      xs.push_back(x);
      xs.push_back(-x);
    }
  }
  for (int i = -100000; i <= 100000; ++i) xs.push_back(static_cast<S>(i * 0.00731));
  return xs;
}

/// The largest error in units of the last place of the exact result.
template <class S, class F>
double largest_ulp() {
  const std::vector<S> xs = sweep<S>();
  std::vector<S> ys(xs.size());
  bf::transform_into(ys.data(), static_cast<bf::Index>(xs.size()), F{}, xs.data());
  double worst = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const long double exact = F::exact(xs[i]);
    if (std::isnan(exact)) {
      if (!std::isnan(ys[i])) return 1e9;
      continue;
    }
    const S rounded = static_cast<S>(exact);
    if (std::isinf(rounded)) {
      // The very last numbers before overflow may overflow too.
      if (!std::isinf(ys[i])) return 2e9;
      continue;
    }
    if (std::abs(exact) < std::numeric_limits<S>::min()) {
      if (std::abs(ys[i]) > std::numeric_limits<S>::min()) return 3e9;
      continue;
    }
    int exponent;
    std::frexp(exact, &exponent);
    const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<S>::digits);
    const double error = static_cast<double>(std::abs(exact - ys[i]) / ulp);
    if (!(error <= worst)) worst = std::isnan(error) ? 4e9 : error;
  }
  return worst;
}

template <class S, class F>
S value(S x) {
  S y;
  bf::transform_into(&y, 1, F{}, &x);
  return y;
}

}  // namespace

TEMPLATE_TEST_CASE("elementary functions are exact to a few ulp over the whole range", "[math]",
                   Exp, Sigmoid, SmallerSigmoid, Tanh, Expm1, Log1p, Softplus, Sqrt, InverseSqrt,
                   Inverse) {
  const double in_float = largest_ulp<float, TestType>();
  const double in_double = largest_ulp<double, TestType>();
  CAPTURE(in_float, in_double);
  CHECK(in_float <= TestType::ulp_float);
  CHECK(in_double <= TestType::ulp_double);
}

TEMPLATE_TEST_CASE("elementary functions are right at the ends of the number line", "[math]", float,
                   double) {
  using S = TestType;
  const S inf = std::numeric_limits<S>::infinity();
  const S nan = std::numeric_limits<S>::quiet_NaN();
  CHECK(value<S, Exp>(-inf) == 0);
  CHECK(value<S, Exp>(inf) == inf);
  CHECK(value<S, Exp>(0) == 1);
  CHECK(value<S, Exp>(S(-1e4)) == 0);
  CHECK(value<S, Sigmoid>(-inf) == 0);
  CHECK(value<S, Sigmoid>(inf) == 1);
  CHECK(value<S, Sigmoid>(S(-1e4)) == 0);
  CHECK(smaller_sigmoid(bf::Lanes<S>(inf)).first() > 0);
  CHECK(smaller_sigmoid(bf::Lanes<S>(-inf)).first() > 0);
  CHECK(value<S, Tanh>(-inf) == -1);
  CHECK(value<S, Tanh>(inf) == 1);
  CHECK(std::signbit(value<S, Tanh>(S(-0.0))));
  CHECK(value<S, Expm1>(-inf) == -1);
  CHECK(value<S, Expm1>(inf) == inf);
  CHECK(value<S, Log1p>(inf) == inf);
  CHECK(value<S, Softplus>(inf) == inf);
  CHECK(value<S, Softplus>(-inf) == 0);
  CHECK(value<S, Softplus>(S(1e4)) == S(1e4));
  CHECK(std::isnan(value<S, Exp>(nan)));
  CHECK(std::isnan(value<S, Sigmoid>(nan)));
  CHECK(std::isnan(value<S, Tanh>(nan)));
  CHECK(std::isnan(value<S, Expm1>(nan)));
  CHECK(std::isnan(value<S, Log1p>(nan)));
  CHECK(std::isnan(value<S, Softplus>(nan)));
}

TEMPLATE_TEST_CASE("the normal distribution function keeps its relative accuracy in the tail",
                   "[math]", float, double) {
  using S = TestType;
  const double last = sizeof(S) == 4 ? -12 : -36;
  for (double at = last; at < 9; at += 0.0173) {
    const S x = static_cast<S>(at);
    S y;
    bf::transform_into(
        &y, 1, [](const auto& v) { return normal_cdf(v); }, &x);
    const long double exact = 0.5L * std::erfc(-static_cast<long double>(x) / std::sqrt(2.0L));
    // The exponent x²/2 of the tail carries the rounding of x².
    const double tolerance = 4 * std::numeric_limits<S>::epsilon() * (1 + at * at);
    CAPTURE(x, y, static_cast<double>(exact));
    REQUIRE(std::abs(y - exact) <= tolerance * exact);
  }
}

TEMPLATE_TEST_CASE("a value does not depend on its place in the array", "[math]", float, double) {
  using S = TestType;
  constexpr int longest = 3 * bf::Lanes<S>::size + 1;
  auto same_everywhere = [&](auto f) {
    std::vector<S> expected(longest), xs(longest);
    for (int i = 0; i < longest; ++i) {
      xs[i] = static_cast<S>(-8 + 16.0 * i / longest);
      bf::transform_into(&expected[i], 1, f, &xs[i]);
      S narrow[3];  // as in a network of one or three units, whose registers are narrower
      bf::transform_into<1>(narrow, 1, f, &xs[i]);
      if (std::memcmp(narrow, &expected[i], sizeof(S)) != 0) return false;
      if (i < 2) continue;
      bf::transform_into<3>(narrow, 3, f, &xs[i - 2]);
      if (std::memcmp(narrow, &expected[i - 2], 3 * sizeof(S)) != 0) return false;
    }
    for (int start = 0; start < longest; ++start) {
      for (int n = 1; n <= longest - start; ++n) {
        std::vector<S> ys(n);
        bf::transform_into(ys.data(), n, f, xs.data() + start);
        if (std::memcmp(ys.data(), expected.data() + start, n * sizeof(S)) != 0) return false;
      }
    }
    return true;
  };
  CHECK(same_everywhere(Exp{}));
  CHECK(same_everywhere(Sigmoid{}));
  CHECK(same_everywhere(Tanh{}));
  CHECK(same_everywhere(SmallerSigmoid{}));
  CHECK(same_everywhere(Expm1{}));
  CHECK(same_everywhere(Softplus{}));
  CHECK(same_everywhere(Log1p{}));
  CHECK(same_everywhere([](const auto& v) { return sqrt(abs(v)); }));
  CHECK(same_everywhere([](const auto& v) { return normal_cdf(v); }));
}

TEMPLATE_TEST_CASE("NaN goes through max, min and the functions at every lane", "[math]", float,
                   double) {
  using S = TestType;
  using V = bf::Lanes<S>;
  for (int at = 0; at < V::size; ++at) {
    S x[V::size] = {};
    S y[V::size];
    x[at] = std::numeric_limits<S>::quiet_NaN();
    auto only_there = [&](const V& v) {
      v.store(y);
      for (int i = 0; i < V::size; ++i) {
        if (std::isnan(y[i]) != (i == at)) return false;
      }
      return true;
    };
    CHECK(only_there(max(V::load(x), V(0))));
    CHECK(only_there(max(V(0), V::load(x))));
    CHECK(only_there(min(V::load(x), V(0))));
    CHECK(only_there(tanh(V::load(x))));
    CHECK(only_there(sigmoid(V::load(x))));
    CHECK(only_there(smaller_sigmoid(V::load(x))));
    CHECK(only_there(exp(V::load(x))));
  }
}
