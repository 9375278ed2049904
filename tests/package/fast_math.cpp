// SPDX-License-Identifier: MIT
// With -ffast-math in the user's build the functions keep their values, and what is not finite is
// still found. (That NaN reaches the outputs is more than such a build promises.)
#include <backfold/core/elementwise.hpp>
#include <backfold/core/finite.hpp>
#include <backfold/core/math.hpp>
#include <cmath>
#include <cstdio>

namespace bf = backfold;

namespace {

int failures = 0;

template <class S, class F, class Exact>
void holds(const char* name, const F& function, const Exact& exact, double lowest, double highest) {
  double worst = 0;
  for (double at = lowest; at <= highest; at += 0.0173) {
    for (const double place : {at, at * 1e-6}) {  // near 0, too
      const S x = static_cast<S>(place);
      S y;
      bf::transform_into(&y, 1, function, &x);
      const long double expected = exact(static_cast<long double>(x));
      const double error = static_cast<double>(std::abs((y - expected) / expected));
      if (error > worst) worst = error;
    }
  }
  if (worst > 8 * std::numeric_limits<S>::epsilon()) {
    std::printf("%s of %zu bytes: relative error %g\n", name, sizeof(S), worst);
    ++failures;
  }
}

template <class S>
void all_hold() {
  using L = long double;
  const auto e = [](const auto& v) { return exp(v); };
  const auto m = [](const auto& v) { return expm1(v); };
  const auto l = [](const auto& v) { return log1p(v); };
  const auto s = [](const auto& v) { return sigmoid(v); };
  const auto t = [](const auto& v) { return tanh(v); };
  holds<S>(
      "exp", e, [](L x) { return std::exp(x); }, -80, 80);
  holds<S>(
      "expm1", m, [](L x) { return std::expm1(x); }, -10, 80);
  holds<S>(
      "log1p", l, [](L x) { return std::log1p(x); }, 0.01, 80);
  holds<S>(
      "sigmoid", s, [](L x) { return 1 / (1 + std::exp(-x)); }, -80, 80);
  holds<S>(
      "tanh", t, [](L x) { return std::tanh(x); }, -20, 20);
  for (const S bad : {std::numeric_limits<S>::quiet_NaN(), std::numeric_limits<S>::infinity()}) {
    S x[19] = {};
    x[17] = bad;
    if (bf::is_finite(bad) || bf::all_finite(x, 19)) {
      std::puts("a number that is not finite is not found");
      ++failures;
    }
  }
}

}  // namespace

int main() {
  all_hold<float>();
  all_hold<double>();
  return failures;
}
