// SPDX-License-Identifier: MIT
// The elementary functions keep their accuracy on the machine and with the options that this is
// compiled for, in each rounding mode; what is made of them is in float as in double. Needs no test
// library, so that it can be compiled for a machine that has none.
#include <algorithm>
#include <backfold/backfold.hpp>
#include <cfenv>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <vector>

namespace bf = backfold;

namespace {

int failures = 0;

// Where long double is double, the expected value carries an error of its own.
constexpr double of_reference = LDBL_MANT_DIG == DBL_MANT_DIG ? 1 : 0;

#if defined(EIGEN_VECTORIZE_NEON) && !EIGEN_ARCH_ARM64
constexpr bool flushes_float = true;  // the vector unit takes denormal numbers as 0
#else
constexpr bool flushes_float = false;
#endif

template <class S>
std::vector<S> sweep() {
  std::vector<S> xs;
  const int lowest = std::numeric_limits<S>::min_exponent - std::numeric_limits<S>::digits;
  for (int e = lowest; e < std::numeric_limits<S>::max_exponent; ++e) {
    for (int k = 0; k < 8; ++k) {
      const S x = std::ldexp(S(1) + static_cast<S>(0.1237 * k), e);
      if (flushes_float && sizeof(S) == 4 && x < std::numeric_limits<S>::min()) continue;
      xs.push_back(x);
      xs.push_back(-x);
    }
  }
  for (int i = -20000; i <= 20000; ++i) xs.push_back(static_cast<S>(i * 0.037));
  for (int i = -20000; i <= 20000; ++i) xs.push_back(static_cast<S>(i * 0.00031));
  return xs;
}

template <class S>
double error_in_ulp(S y, long double exact) {
  const S rounded = static_cast<S>(exact);
  if (!bf::is_finite(rounded)) {
    // Towards zero, overflow gives the largest number, not infinity.
    return std::abs(y) >= std::numeric_limits<S>::max() ? 0 : 1e9;
  }
  if (std::abs(exact) < std::numeric_limits<S>::min()) {
    return std::abs(y) <= std::numeric_limits<S>::min() ? 0 : 2e9;
  }
  int exponent;
  std::frexp(exact, &exponent);
  const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<S>::digits);
  return bf::is_finite(y) ? static_cast<double>(std::abs(exact - y) / ulp) : 3e9;
}

template <class S, class F, class Exact>
void holds(const char* name, double promised, const F& function, const Exact& exact,
           double lowest = -1e300, double highest = 1e300) {
  std::vector<S> xs;
  std::vector<long double> expected;
  for (const S x : sweep<S>()) {
    if (static_cast<double>(x) < lowest || static_cast<double>(x) > highest) continue;
    xs.push_back(x);
    expected.push_back(exact(static_cast<long double>(x)));
  }
  std::vector<S> ys(xs.size());
  for (const int mode : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    bf::transform_into(ys.data(), static_cast<bf::Index>(xs.size()), function, xs.data());
    std::fesetround(FE_TONEAREST);
    double worst = 0;
    S at = 0;
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const double error = error_in_ulp(ys[i], expected[i]);
      if (error > worst) {
        worst = error;
        at = xs[i];
      }
    }
    // Each operation may be off by twice as much as to nearest.
    const double limit = promised + (mode == FE_TONEAREST ? 0 : promised + 1) + of_reference;
    if (worst > limit) {
      std::printf("%s of %zu bytes, rounding mode %d: %g ulp at %.9g, allowed %g\n", name,
                  sizeof(S), mode, worst, static_cast<double>(at), limit);
      ++failures;
    }
  }
}

template <class S>
void functions_hold() {
  using L = long double;
  const double tiny = static_cast<double>(std::numeric_limits<S>::min());
  const auto positive = [](const auto& v) {
    return at_least(abs(v), std::decay_t<decltype(v)>(0x1p-120));
  };
  const auto held = [](L x) { return std::max(std::abs(x), 0x1p-120L); };
  holds<S>(
      "exp", 2, [](const auto& v) { return exp(v); }, [](L x) { return std::exp(x); });
  holds<S>(
      "sigmoid", 3, [](const auto& v) { return sigmoid(v); },
      [](L x) { return 1 / (1 + std::exp(-x)); });
  holds<S>(
      "tanh", 3, [](const auto& v) { return tanh(v); }, [](L x) { return std::tanh(x); });
  holds<S>(
      "expm1", 3, [](const auto& v) { return expm1(v); }, [](L x) { return std::expm1(x); });
  holds<S>(
      "log", 1, [](const auto& v) { return log(v); }, [](L x) { return std::log(x); },
      flushes_float ? tiny : 1e-320, 1e300);
  holds<S>(
      "log1p", 3, [](const auto& v) { return log1p(v); }, [](L x) { return std::log1p(x); },
      -0.99999);
  holds<S>(
      "softplus", 4, [](const auto& v) { return softplus(v); },
      [](L x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); });
  holds<S>(
      "sqrt", 0.5, [&](const auto& v) { return sqrt(abs(v)); },
      [](L x) { return std::sqrt(std::abs(x)); });
  holds<S>(
      "quotient", 0.5, [&](const auto& v) { return 3 / positive(v); },
      [&](L x) { return 3 / held(x); });
  holds<S>(
      "inverse_sqrt", 2, [&](const auto& v) { return inverse_sqrt(positive(v)); },
      [&](L x) { return 1 / std::sqrt(held(x)); });
}

/// What is calculated in float is within some ulp of what is calculated in double.
template <class F>
void float_is_as_double(const char* name, const F& function) {
  constexpr int n = 37;
  std::vector<float> in_float(n);
  std::vector<double> in_double(n);
  for (int i = 0; i < n; ++i) {
    in_float[i] = static_cast<float>(0.17 * (i - 18));
    in_double[i] = static_cast<double>(in_float[i]);
  }
  function(in_float);
  function(in_double);
  for (int i = 0; i < n; ++i) {
    const double difference = std::abs(static_cast<double>(in_float[i]) - in_double[i]);
    if (!(difference <= 24 * FLT_EPSILON * std::abs(in_double[i]) + 1e-12)) {
      std::printf("%s at %d: %.9g in float, %.9g in double\n", name, i,
                  static_cast<double>(in_float[i]), in_double[i]);
      ++failures;
      return;
    }
  }
}

template <class A>
void activation_holds(const char* name, const A& activation) {
  float_is_as_double(name, [&](auto& x) {
    bf::transform_into(
        x.data(), bf::Index(x.size()), [&](const auto& v) { return activation.value(v); },
        x.data());
  });
}

template <class O>
void optimizer_holds(const char* name, const O& optimizer) {
  float_is_as_double(name, [&](auto& w) {
    using S = std::decay_t<decltype(w[0])>;
    const auto n = bf::Index(w.size());
    auto state = bf::start<S>(optimizer, n);
    for (int step = 0; step < 3; ++step) {
      optimizer.step(
          w.data(),
          [&](const S*, S* gradient) {
            for (bf::Index i = 0; i < n; ++i) gradient[i] = S(0.37) * static_cast<S>(i - 9);
            return 1.0;
          },
          state);
    }
  });
}

}  // namespace

int main() {
  functions_hold<float>();
  functions_hold<double>();
  activation_holds("Elu", bf::Elu{});
  activation_holds("Gelu", bf::Gelu{});
  activation_holds("LeakyRelu", bf::LeakyRelu{});
  activation_holds("Sigmoid", bf::Sigmoid{});
  activation_holds("Silu", bf::Silu{});
  activation_holds("Softplus", bf::Softplus{});
  activation_holds("Tanh", bf::Tanh{});
  float_is_as_double("Softmax",
                     [](auto& x) { (bf::Softmax{}.apply)(x.data(), bf::Index(x.size())); });
  optimizer_holds("Adam", bf::Adam{.learning_rate = 0.1});
  optimizer_holds("RmsProp", bf::RmsProp{.learning_rate = 0.1,
                                         .epsilon_placement = bf::EpsilonPlacement::OutsideRoot});

  // A gradient of doubles against differences, and training that ends where it should.
  bf::Mlp<double, bf::Input<2>, bf::Dense<3, bf::Tanh>, bf::Dense<1, bf::Sigmoid>> net;
  bf::Random random(1);
  net.initialize(bf::Uniform{-1, 1}, random);
  bf::Matrix<double> inputs(2, 4);
  bf::Matrix<double> targets(1, 4);
  inputs << 0, 0, 1, 1, 0, 1, 0, 1;
  targets << 0, 1, 1, 0;
  const bf::Samples data(inputs, targets);
  const auto check = bf::check_gradient(net, bf::BinaryCrossEntropy{}, data);
  const auto history = bf::fit(net, bf::BinaryCrossEntropy{}, bf::Adam{.learning_rate = 0.05}, data,
                               {.epochs = 500, .batch_size = 1});
  if (!(check.largest_difference < 1e-6 && history.final_loss() < 0.01)) {
    std::printf("gradient off by %g, loss %g\n", check.largest_difference, history.final_loss());
    ++failures;
  }
  return failures == 0 ? 0 : 1;
}
