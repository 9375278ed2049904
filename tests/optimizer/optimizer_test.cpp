// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "backfold/optimizer/adam.hpp"
#include "backfold/optimizer/adam_w.hpp"
#include "backfold/optimizer/check_optimizer.hpp"
#include "backfold/optimizer/momentum.hpp"
#include "backfold/optimizer/nesterov.hpp"
#include "backfold/optimizer/rms_prop.hpp"
#include "backfold/optimizer/rprop.hpp"
#include "backfold/optimizer/sgd.hpp"
#include "catch.hpp"
#include "reference/reference.hpp"

namespace bf = backfold;
using bf::Index;

namespace {

template <class S>
double rosenbrock(const S* w, S* g) {
  const S a = 1 - w[0], b = w[1] - w[0] * w[0];
  g[0] = -2 * a - 4 * w[0] * b;
  g[1] = 2 * b;
  return double(a * a + b * b);
}

/// Σ c_i log cosh(w_i − i)
double valley(const double* w, double* g) {
  const double c[] = {0.1, 1, 10, 0.3, 0.4};
  double error = 0;
  for (int i = 0; i < 5; ++i) {
    g[i] = c[i] * std::tanh(w[i] - i);
    error += c[i] * std::log(std::cosh(w[i] - i));
  }
  return error;
}

template <Index N, class O, class Objective>
double distance_from(const Eigen::MatrixXd& path, const O& optimizer, Eigen::VectorXd w,
                     const Objective& objective) {
  auto state = bf::start<double, N>(optimizer, w.size());
  double worst = 0;
  for (Index t = 0; t < path.cols(); ++t) {
    optimizer.step(w.data(), objective, state);
    worst = larger(worst, difference(w, path.col(t)));
  }
  return worst;
}

template <class O>
void follows(const std::string& name, const O& optimizer) {
  INFO(name);
  const Reference reference("optimizers");
  const Eigen::VectorXd first2 = (Eigen::VectorXd(2) << -1.2, 1).finished();
  const Eigen::VectorXd first5 = (Eigen::VectorXd(5) << 1, -1, 3, 0.5, 6).finished();
  const auto& on_rosenbrock = reference[name + "_rosenbrock"];
  const auto& on_valley = reference[name + "_valley"];
  CHECK(distance_from<bf::Dynamic>(on_rosenbrock, optimizer, first2, rosenbrock<double>) <= 1e-12);
  CHECK(distance_from<2>(on_rosenbrock, optimizer, first2, rosenbrock<double>) <= 1e-12);
  CHECK(distance_from<bf::Dynamic>(on_valley, optimizer, first5, valley) <= 1e-12);
  CHECK(distance_from<5>(on_valley, optimizer, first5, valley) <= 1e-12);
}

template <class O>
void passes(const O& optimizer) {
  const bf::Report report = bf::check_optimizer(optimizer);
  INFO(report.failures());
  CHECK(report.ok());
}

template <class O>
std::string message(const O& optimizer) {
  try {
    (void)bf::start<double>(optimizer, 3);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

/// Moves on although the gradient is NaN.
struct Careless : bf::Sgd {
  template <class S, Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    const double error = objective(w, state.vectors[0]);
    for (Index i = 0; i < state.vectors.size(); ++i) w[i] -= S(0.01) * state.vectors[0][i];
    return error;
  }
};

/// Takes ranges, but leaves one out.
struct Forgetful : bf::Sgd {
  template <class S, Index N, class Objective, class Ranges = bf::OneRange>
  double step(S* w, Objective&& objective, State<S, N>& state, const Ranges& ranges = {}) const {
    S* const g = state.vectors[0];
    const double error = objective(w, g);
    if (!bf::is_finite(error) || !bf::all_finite(g, state.vectors.size()))
      return bf::detail::hidden_nan();
    ranges.for_each(state.vectors.size(), [&](Index first, Index count) {
      for (Index i = first; i < first + count && first != 16; ++i) w[i] -= S(0.01) * g[i];
    });
    return error;
  }
};

constexpr auto outside = bf::EpsilonPlacement::OutsideRoot;
constexpr bf::Adam adam{.learning_rate = 0.05, .beta2 = 0.99, .epsilon = 0.01};

}  // namespace

TEST_CASE("forty steps of each optimizer follow the high-precision and PyTorch's paths",
          "[reference]") {
  follows("sgd", bf::Sgd{.learning_rate = 0.02});
  follows("momentum", bf::Momentum{.learning_rate = 0.02, .momentum = 0.8});
  follows("nesterov", bf::Nesterov{.learning_rate = 0.02, .momentum = 0.8});
  follows("rms_prop_inside", bf::RmsProp{.learning_rate = 0.02, .decay = 0.9, .epsilon = 0.01});
  follows("rms_prop_outside",
          bf::RmsProp{
              .learning_rate = 0.02, .decay = 0.9, .epsilon = 0.01, .epsilon_placement = outside});
  follows("adam_inside", adam);
  bf::Adam outside_adam = adam;
  outside_adam.epsilon_placement = outside;
  follows("adam_outside", outside_adam);
  bf::AdamW adam_w{.learning_rate = 0.05, .beta2 = 0.99, .epsilon = 0.01, .weight_decay = 0.1};
  follows("adam_w_inside", adam_w);
  adam_w.epsilon_placement = outside;
  follows("adam_w_outside", adam_w);
  follows("rprop", bf::Rprop{.learning_rate = 0.05});
}

TEST_CASE("every optimizer passes the list of checks") {
  passes(bf::Sgd{});
  passes(bf::Momentum{});
  passes(bf::Nesterov{});
  passes(bf::RmsProp{});
  passes(bf::Adam{});
  passes(bf::AdamW{});
  passes(bf::Rprop{});
}

TEST_CASE("the list of checks finds an optimizer that follows a gradient of NaN") {
  CHECK_FALSE(bf::check_optimizer(Careless{}).ok());
  CHECK_FALSE(bf::check_optimizer(Forgetful{}).ok());
}

TEST_CASE("optimizers minimise Rosenbrock's function without a network") {
  auto reaches = [](const auto& optimizer, int steps) {
    double w[2] = {-1.2, 1};
    auto state = bf::start<double, 2>(optimizer);
    auto steep = [](const double* at, double* g) {
      const double a = 1 - at[0], b = at[1] - at[0] * at[0];
      g[0] = -2 * a - 400 * at[0] * b;
      g[1] = 200 * b;
      return a * a + 100 * b * b;
    };
    for (int i = 0; i < steps; ++i) optimizer.step(w, steep, state);
    return std::hypot(w[0] - 1, w[1] - 1);
  };
  CHECK(reaches(bf::Sgd{.learning_rate = 1e-3}, 60000) < 1e-3);
  CHECK(reaches(bf::Momentum{.learning_rate = 5e-4}, 20000) < 1e-3);
  CHECK(reaches(bf::Nesterov{.learning_rate = 5e-4}, 20000) < 1e-3);
  CHECK(reaches(bf::RmsProp{.learning_rate = 1e-4, .epsilon = 1e-2}, 60000) < 1e-2);
  CHECK(reaches(bf::Adam{.learning_rate = 1e-2}, 20000) < 1e-3);
  CHECK(reaches(bf::AdamW{.learning_rate = 1e-2, .weight_decay = 0}, 20000) < 1e-3);
  CHECK(reaches(bf::Rprop{}, 5000) < 1e-2);
}

TEST_CASE("Adam counts steps of the whole vector, so splitting the parameters changes nothing") {
  double whole[5] = {1, -1, 3, 0.5, 6};
  double parts[5] = {1, -1, 3, 0.5, 6};
  auto state = bf::start<double>(adam, 5);
  auto first = bf::start<double>(adam, 2);
  auto second = bf::start<double>(adam, 3);
  for (int t = 0; t < 50; ++t) {
    double g[5];
    adam.step(whole, valley, state);
    double at[5];
    std::copy(parts, parts + 5, at);
    valley(at, g);
    auto piece = [&](int from, int n) {
      return [&, from, n](const double*, double* out) {
        std::copy(g + from, g + from + n, out);
        return 0.0;
      };
    };
    adam.step(parts, piece(0, 2), first);
    adam.step(parts + 2, piece(2, 3), second);
  }
  CHECK(std::memcmp(whole, parts, sizeof whole) == 0);
}

TEST_CASE("Nesterov's sequence is PyTorch's lookahead sequence while rate and momentum are held") {
  // Bengio's form: v ← μv + g, w ← w − η(g + μv) at the lookahead point.
  const bf::Nesterov nesterov{.learning_rate = 0.02, .momentum = 0.8};
  double w[5] = {1, -1, 3, 0.5, 6};
  double ahead[5] = {1, -1, 3, 0.5, 6};
  double v[5] = {};
  auto state = bf::start<double>(nesterov, 5);
  for (int t = 0; t < 30; ++t) {
    nesterov.step(w, valley, state);
    double g[5];
    valley(ahead, g);
    for (int i = 0; i < 5; ++i) {
      v[i] = 0.8 * v[i] + g[i];
      ahead[i] -= 0.02 * (g[i] + 0.8 * v[i]);
      CHECK(ahead[i] == Approx(w[i] - 0.8 * 0.02 * v[i]).margin(1e-12));
    }
  }
}

TEST_CASE("Adam's bias correction is right after very many steps") {
  auto state = bf::start<float>(bf::Adam{}, 1);
  state.vectors[1][0] = 1;
  state.vectors[2][0] = 1;
  for (const std::int64_t steps :
       {std::int64_t{0}, std::int64_t{87274}, std::int64_t{1} << 24, std::int64_t{1} << 40}) {
    auto copy = state;
    copy.steps = steps;
    float w = 0;
    bf::Adam{}.step(
        &w, [](const float*, float* g) { return double(*g = 1); }, copy);
    CHECK(copy.steps == steps + 1);
    // With m = v = g = 1, m̂/√v̂ is √(1 − β2^τ)/(1 − β1^τ).
    const double tau = double(steps + 1);
    const double expected = -1e-3 * std::sqrt(1 - std::pow(0.999, tau)) / (1 - std::pow(0.9, tau));
    CHECK(w == Approx(expected).epsilon(1e-5));
  }
}

namespace {

/// Gradients that fall by many orders, and rise again.
long double on_cliff(int t) {
  constexpr long double slopes[] = {1e8L,  3e8L, 2e8L, 1,    1e-3L, 3e-7L, 1e-8L, 2e-8L,
                                    1e-8L, 0.4L, 1e5L, 7e7L, 1e-5L, 3e2L,  0,     1e-4L};
  return slopes[t % 16];
}

/// The largest difference of 48 steps of Adam, or of RMSprop, from those of long double, with
/// moments as the sum of two products, relative to the length of the path.
template <class O>
double distance_on_cliff(const O& optimizer) {
  constexpr bool is_adam = requires { optimizer.beta1; };
  long double beta1 = 0, beta2, m = 0, v = 0, w = 0, size = 0;
  if constexpr (is_adam) {
    beta1 = optimizer.beta1;
    beta2 = optimizer.beta2;
  } else {
    beta2 = optimizer.decay;
  }
  auto state = bf::start<double>(optimizer, 3);
  double x[3] = {};
  double worst = 0;
  for (int t = 0; t < 48; ++t) {
    const double slope = double(on_cliff(t));
    optimizer.step(
        x,
        [&](const double*, double* g) {
          std::fill_n(g, 3, slope);
          return 0.0;
        },
        state);
    m = beta1 * m + (1 - beta1) * slope;
    v = beta2 * v + (1 - beta2) * slope * slope;
    auto unbias = [&](long double beta) { return -std::expm1((t + 1) * std::log(beta)); };
    const long double m_hat = is_adam ? m / unbias(beta1) : m;
    const long double v_hat = is_adam ? v / unbias(beta2) : v;
    const long double step =
        optimizer.learning_rate * m_hat / std::sqrt(v_hat + (long double)(optimizer.epsilon));
    w -= step;
    size += std::abs(step);
    for (const double at : x) worst = larger(worst, double(std::abs(at - w) / size));
  }
  return worst;
}

constexpr double decays[] = {0, 1e-300, 1e-12, 1e-6, 0.3, 0.4999999999, 0.5, 0.7, 0.999, 1 - 1e-9};

}  // namespace

TEST_CASE("Adam and RMSprop follow the sum of two products where the gradient falls by orders") {
  for (const double beta2 : decays) {
    for (const double beta1 : decays) {
      CAPTURE(beta1, beta2);
      CHECK(distance_on_cliff(bf::Adam{.beta1 = beta1, .beta2 = beta2, .epsilon = 1e-30}) <= 5e-15);
    }
    CHECK(distance_on_cliff(bf::RmsProp{.decay = beta2, .epsilon = 1e-30}) <= 5e-15);
  }
}

TEST_CASE("averages of floats forget at the rate that was asked for, however slow") {
  const double decay = 0.9999;
  auto flat = [](const float*, float* g) { return double(*g = 1); };
  auto none = [](const float*, float* g) { return double(*g = 0); };
  const int steps = 30000;
  const double kept = std::pow(decay, steps);
  float w = 0;

  const bf::RmsProp rms_prop{.decay = decay};
  auto average = bf::start<float>(rms_prop, 1);
  for (int t = 0; t < steps; ++t) rms_prop.step(&w, flat, average);
  CHECK(average.vectors[1][0] == Approx(1 - kept).epsilon(1e-5));

  const bf::Adam slow{.beta1 = decay, .beta2 = decay};
  auto moments = bf::start<float>(slow, 1);
  for (int t = 0; t < steps; ++t) slow.step(&w, flat, moments);
  CHECK(moments.vectors[1][0] == Approx(1 - kept).epsilon(1e-5));
  CHECK(moments.vectors[2][0] == Approx(1 - kept).epsilon(1e-5));

  const bf::Momentum momentum{.learning_rate = 1e-4, .momentum = decay};
  auto change = bf::start<float>(momentum, 1);
  for (int t = 0; t < steps; ++t) momentum.step(&w, flat, change);
  CHECK(change.vectors[1][0] == Approx(kept - 1).epsilon(2e-5));

  const bf::Nesterov nesterov{.learning_rate = 1e-4, .momentum = decay};
  auto ahead = bf::start<float>(nesterov, 1);
  for (int t = 0; t < steps; ++t) nesterov.step(&w, flat, ahead);
  CHECK(ahead.vectors[1][0] == Approx(kept - 1).epsilon(2e-5));

  const bf::AdamW adam_w{.learning_rate = 1e-3, .weight_decay = 0.01};
  auto decaying = bf::start<float>(adam_w, 1);
  w = 1;
  for (int t = 0; t < steps; ++t) adam_w.step(&w, none, decaying);
  CHECK(w == Approx(std::pow(1 - 1e-5, steps)).epsilon(2e-5));
}

TEMPLATE_TEST_CASE("Adam with small decays steps each number as it would alone", "[optimizer]",
                   float, double) {
  using S = TestType;
  const bf::Adam adam{.learning_rate = 0.1, .beta1 = 0.3, .beta2 = 0.4};
  constexpr Index n = 37;  // whole registers and a part of one
  auto objective_of = [](Index first, Index count) {
    return [=](const S* w, S* g) {
      for (Index i = 0; i < count; ++i) g[i] = w[i] - S(first + i);
      return 0.0;
    };
  };
  bf::Vector<S> together = bf::Vector<S>::Zero(n);
  auto state = bf::start<S>(adam, n);
  for (int step = 0; step < 5; ++step) adam.step(together.data(), objective_of(0, n), state);
  for (Index i = 0; i < n; ++i) {
    S alone(0);
    auto own_state = bf::start<S>(adam, 1);
    for (int step = 0; step < 5; ++step) adam.step(&alone, objective_of(i, 1), own_state);
    CAPTURE(i);
    CHECK(alone == together[i]);
  }
}

TEST_CASE("moments that die out become 0 and not denormal") {
  auto state = bf::start<float>(bf::Adam{}, 3);
  float w[3] = {};
  auto once = [&, first = true](const float*, float* g) mutable {
    for (int i = 0; i < 3; ++i) g[i] = first ? 1e-18f : 0;
    first = false;
    return 0.0;
  };
  for (int t = 0; t < 2000; ++t) {
    bf::Adam{}.step(w, once, state);
    for (int vector : {1, 2}) {
      const float moment = state.vectors[vector][1];
      REQUIRE((moment == 0 || std::abs(moment) >= std::numeric_limits<float>::min()));
    }
  }
  CHECK(state.vectors[1][1] == 0);
}

TEST_CASE("a gradient whose square overflows does not hold its parameter for good") {
  auto moves_again = [](const auto& optimizer) {
    float w[] = {0};
    auto state = bf::start<float>(optimizer, 1);
    auto step = [&](float slope) {
      optimizer.step(
          w,
          [&](const float*, float* g) {
            g[0] = slope;
            return 0.0;
          },
          state);
    };
    step(1e30f);
    CHECK(std::isfinite(w[0]));
    for (int i = 0; i < 1000; ++i) step(1);
    const float before = w[0];
    for (int i = 0; i < 10; ++i) step(1);
    return before - w[0] > 1e-3f;
  };
  CHECK(moves_again(bf::Adam{.learning_rate = 0.01, .beta2 = 0.9}));
  CHECK(moves_again(bf::RmsProp{.learning_rate = 0.01, .decay = 0.9}));
}

TEST_CASE("a step with an error or gradient that is not finite changes nothing") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, inf, -inf}) {
    double w[5] = {1, 2, 3, 4, 5};
    auto state = bf::start<double>(adam, 5);
    auto bad_error = [&](const double* at, double* g) { return valley(at, g) * 0 + bad; };
    CHECK(std::isnan(adam.step(w, bad_error, state)));
    for (int i = 0; i < 5; ++i) {
      auto bad_gradient = [&](const double* at, double* g) {
        const double e = valley(at, g);
        g[i] = bad;
        return e;
      };
      CHECK(std::isnan(adam.step(w, bad_gradient, state)));
    }
    CHECK(state.steps == 0);
    for (int i = 0; i < 5; ++i) CHECK(w[i] == i + 1);
  }
}

TEST_CASE("settings out of range are refused by name") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(message(bf::Sgd{-1}) == "Sgd: learning_rate must be finite and >= 0, got -1");
  CHECK(message(bf::Sgd{nan}) == "Sgd: learning_rate must be finite and >= 0, got nan");
  CHECK(message(bf::Momentum{0.1, 1}) == "Momentum: momentum must be >= 0 and < 1, got 1");
  CHECK(message(bf::Nesterov{0.1, -0.1}) == "Nesterov: momentum must be >= 0 and < 1, got -0.1");
  CHECK(message(bf::RmsProp{0.1, 1.5}) == "RmsProp: decay must be >= 0 and < 1, got 1.5");
  CHECK(message(bf::RmsProp{0.1, 0.9, -1}) == "RmsProp: epsilon must be finite and >= 0, got -1");
  CHECK(message(bf::Adam{.beta1 = 1}) == "Adam: beta1 must be >= 0 and < 1, got 1");
  CHECK(message(bf::Adam{.beta2 = nan}) == "Adam: beta2 must be >= 0 and < 1, got nan");
  CHECK(message(bf::AdamW{.weight_decay = -2}) ==
        "AdamW: weight_decay must be finite and >= 0, got -2");
  CHECK(message(bf::Rprop{.increase = 0.9}) ==
        "Rprop: increase must be >= 1 and < 1e+300, got 0.9");
  CHECK_THROWS_WITH(bf::start<double>(bf::Sgd{}, 0), "optimizer: there are no parameters");
  CHECK_THROWS_WITH((bf::start<double, 2>(bf::Sgd{}, 3)),
                    "optimizer: its state is for 2 parameters, not for 3");
}
