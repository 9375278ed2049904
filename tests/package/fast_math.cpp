// SPDX-License-Identifier: MIT
// With -ffast-math in the user's build the functions keep their values, and what is not finite is
// still found. (That NaN reaches the outputs is more than such a build promises.)
#include <backfold/backfold.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>

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

/// A double or float that is not finite, by the upper bits of the double. As bytes: where numbers
/// are taken for finite, a NaN that the compiler sees is undefined.
template <class S>
void put(S& number, std::uint32_t upper) {
  volatile std::uint32_t hidden = upper;
  if constexpr (sizeof(S) == 8) {
    const std::uint64_t bits = std::uint64_t{hidden} << 32;
    std::memcpy(&number, &bits, sizeof(S));
  } else {
    const std::uint32_t bits =
        (hidden & 0xfff80000u) | (hidden & 0x00080000u ? 0x00400000u : 0u) | 0x7f800000u;
    std::memcpy(&number, &bits, sizeof(S));
  }
}

void close_to(const char* what, double given, double expected) {
  if (std::abs(given - expected) <= 1e-9 * (1 + std::abs(expected))) return;
  std::printf("%s: %.12g, expected %.12g\n", what, given, expected);
  ++failures;
}

template <class A>
void activation(const char* name, const A& a, double net, double value, double slope) {
  volatile double at = net;
  const bf::Lanes<double> v(double{at});
  close_to(name, a.value(v).first(), value);
  if constexpr (bf::uses_net_input<A>) {
    close_to(name, a.derivative(v, a.value(v)).first(), slope);
  } else {
    close_to(name, a.derivative(a.value(v)).first(), slope);
  }
}

template <class L>
void loss(const char* name, const L& l, double y, double z, double value, double slope) {
  volatile double at = y;
  volatile double target = z;
  const bf::Lanes<double> v(double{at});
  const bf::Lanes<double> w(double{target});
  close_to(name, l.value(v, w).first(), value);
  close_to(name, l.derivative(v, w).first(), slope);
}

/// Values to 13 digits, from mpmath.
void known_values_hold() {
  activation("Elu", bf::Elu{}, -1, -0.6321205588286, 0.3678794411714);
  activation("Elu", bf::Elu{}, 300, 300, 1);
  activation("Gelu", bf::Gelu{}, 1, 0.8413447460685, 1.0833154705877);
  activation("LeakyRelu", bf::LeakyRelu{}, -2, -0.02, 0.01);
  activation("Relu", bf::Relu{}, -2, 0, 0);
  activation("Sigmoid", bf::Sigmoid{}, 2, 0.8807970779779, 0.1049935854035);
  activation("Silu", bf::Silu{}, 2, 1.7615941559558, 1.0907842487848);
  activation("Softplus", bf::Softplus{}, 3, 3.0485873515737, 0.9525741268224);
  activation("Tanh", bf::Tanh{}, 0.5, 0.4621171572600, 0.7864477329659);
  loss("AbsoluteError", bf::AbsoluteError{}, 1, 3, 2, -1);
  loss("HalfSquaredError", bf::HalfSquaredError{}, 1, 3, 2, -2);
  loss("Huber", bf::Huber{}, 1, 4, 2.5, -1);
  loss("LogCosh", bf::LogCosh{}, 2, 0, 1.3250027473579, 0.9640275800758);
  loss("Pinball", bf::Pinball{0.25}, 1, 3, 0.5, -0.25);
  loss("Poisson", bf::Poisson{}, 1, 2, 0.7182818284590, 0.7182818284590);
  loss("BinaryCrossEntropy", bf::BinaryCrossEntropy{}, 0.25, 1, 1.3862943611199, -4);
  loss("BinaryCrossEntropy", bf::BinaryCrossEntropy{}, 0.25, 0, 0.2876820724518, 4.0 / 3);
  loss("CategoricalCrossEntropy", bf::CategoricalCrossEntropy{}, 0.25, 1, 1.3862943611199, -4);

  double soft[3] = {1, 2, 3};
  (bf::Softmax{}.apply)(soft, bf::Index{3});
  close_to("Softmax", soft[0], 0.0900305731704);
  close_to("Softmax", soft[2], 0.6652409557748);
  const double net[3] = {1, 2, 3};
  const double target[3] = {1, 0, 0};
  close_to("CategoricalCrossEntropy of Softmax",
           bf::FromNetInput<bf::CategoricalCrossEntropy, bf::Softmax>::column(net, target, 3),
           2.4076059644444);

  double w[2] = {0, 0};
  const auto step = [&](const auto& optimizer, double first, double second) {
    w[0] = w[1] = 0;
    auto state = bf::start<double>(optimizer, 2);
    const double e = optimizer.step(
        w,
        [&](const double*, double* gradient) {
          gradient[0] = first;
          gradient[1] = second;
          return 1.0;
        },
        state);
    return bf::is_finite(e);
  };
  step(bf::ClipNorm{bf::Sgd{.learning_rate = 1}, 1.0}, 3, 4);
  close_to("ClipNorm", w[0], -0.6);
  step(bf::ClipValue{bf::Sgd{.learning_rate = 1}, 1.0}, 3, -4);
  close_to("ClipValue", w[1], 1);
  step(bf::Adam{.learning_rate = 0.1, .epsilon = 0}, 3, -4);
  close_to("Adam", w[0], -0.1);
  double bad = 0;
  put(bad, 0x7ff80000u);
  if (step(bf::Adam{}, 1, bad) || w[0] != 0) {
    std::puts("a gradient with NaN is followed");
    ++failures;
  }

  bf::Matrix<double> y(2, 3);
  y << 0.9, 0.2, 0.4, 0.1, 0.8, 0.6;
  bf::Matrix<double> z(2, 3);
  z << 1, 0, 1, 0, 1, 0;
  close_to("accuracy", bf::accuracy(y, z), 2.0 / 3);
  close_to("confusion_matrix", double(bf::confusion_matrix(y, z)(0, 1)), 1);

  using Net = bf::Mlp<double, bf::Input<2>, bf::Dense<2, bf::Tanh>, bf::Dense<2, bf::Softmax>>;
  for (const bool in_target : {false, true}) {
    Net net_of_two;
    bf::Random random(1);
    net_of_two.initialize(bf::Uniform{-1, 1}, random);
    bf::Matrix<double> x = y;
    bf::Matrix<double> t = z;
    put(in_target ? t(1, 2) : x(1, 2), 0x7ff80000u);
    try {
      bf::fit(net_of_two, bf::CategoricalCrossEntropy{}, bf::Adam{}, bf::Samples(x, t),
              {.epochs = 2});
      std::puts("data with NaN are trained on");
      ++failures;
    } catch (const std::invalid_argument&) {
    }
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
  for (const std::uint32_t upper : {0x7ff80000u, 0x7ff00000u, 0xfff00000u}) {
    S x[19] = {};
    put(x[17], upper);
    if (bf::is_finite(x[17]) || bf::all_finite(x, 19)) {
      std::puts("a number that is not finite is not found");
      ++failures;
    }
  }
}

}  // namespace

int main() {
  all_hold<float>();
  all_hold<double>();
  known_values_hold();
  return failures == 0 ? 0 : 1;
}
