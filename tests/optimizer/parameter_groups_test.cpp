// SPDX-License-Identifier: MIT
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "backfold/optimizer/adam.hpp"
#include "backfold/optimizer/adam_w.hpp"
#include "backfold/optimizer/check_optimizer.hpp"
#include "backfold/optimizer/clip.hpp"
#include "backfold/optimizer/momentum.hpp"
#include "backfold/optimizer/nesterov.hpp"
#include "backfold/optimizer/penalty.hpp"
#include "backfold/optimizer/rms_prop.hpp"
#include "backfold/optimizer/rprop.hpp"
#include "backfold/optimizer/scaled_rates.hpp"
#include "backfold/optimizer/sgd.hpp"
#include "catch.hpp"
#include "reference/reference.hpp"
#include "said.hpp"

using namespace backfold;
using Eigen::VectorXd;

namespace {

const VectorXd last_four = (VectorXd(6) << 0, 0, 1, 1, 1, 1).finished();

double quartic(const VectorXd& z, const double* w, double* gradient) {
  double error = 0;
  for (Index i = 0; i < z.size(); ++i) {
    const double d = w[i] - z[i];
    gradient[i] = d * d * d;
    error += d * d * d * d / 4;
  }
  return error;
}

template <class O>
VectorXd after(const O& optimizer, int steps) {
  const Reference ref("parameter_groups");
  const VectorXd z = ref["z"];
  VectorXd w = ref["start"];
  auto state = start<double>(optimizer, 6);
  for (int i = 0; i < steps; ++i) {
    optimizer.step(
        w.data(), [&](const double* at, double* g) { return quartic(z, at, g); }, state);
  }
  return w;
}

template <class O>
void check_frozen(const O& optimizer) {
  const Reference ref("parameter_groups");
  const VectorXd start_w = ref["start"];
  const VectorXd w = after(ScaledRates{optimizer, last_four}, 30);
  CHECK(w.head(2) == start_w.head(2));
  CHECK((w.tail(4) - start_w.tail(4)).cwiseAbs().minCoeff() > 0);
  // The others move as they would without them.
  CHECK(w.tail(4) == after(optimizer, 30).tail(4));
}

}  // namespace

TEST_CASE("penalties and learning rates of groups are PyTorch's") {
  const Reference ref("parameter_groups");
  const Momentum momentum{.learning_rate = 0.02, .momentum = 0.9};
  const Adam adam{.learning_rate = 0.02, .epsilon_placement = EpsilonPlacement::OutsideRoot};
  const RmsProp rms_prop{.learning_rate = 0.02,
                         .decay = 0.99,
                         .epsilon = 1e-8,
                         .epsilon_placement = EpsilonPlacement::OutsideRoot};
  const VectorXd rates = last_four.array() * 0.9 + 0.1;
  CHECK(difference(after(PenalizeL2{momentum, 0.3, last_four}, 30), ref["decay_sgd"]) < 1e-13);
  CHECK(difference(after(PenalizeL2{adam, 0.3, last_four}, 30), ref["decay_adam"]) < 1e-12);
  CHECK(difference(after(PenalizeL1{Sgd{0.02}, 0.3, last_four}, 30), ref["l1_sgd"]) < 1e-13);
  CHECK(difference(after(ScaledRates{Sgd{0.02}, rates}, 30), ref["rates_sgd"]) < 1e-13);
  CHECK(difference(after(ScaledRates{momentum, rates}, 30), ref["rates_momentum"]) < 1e-13);
  CHECK(difference(after(ScaledRates{adam, rates}, 30), ref["rates_adam"]) < 1e-12);
  CHECK(difference(after(ScaledRates{rms_prop, rates}, 30), ref["rates_rms_prop"]) < 1e-12);
  CHECK(difference(after(ScaledRates{adam, last_four}, 30), ref["frozen_adam"]) < 1e-12);
}

TEST_CASE("frozen parameters keep their bits under every optimizer, and disturb no other") {
  check_frozen(Sgd{0.02});
  check_frozen(Momentum{});
  check_frozen(Nesterov{});
  check_frozen(RmsProp{});
  check_frozen(Adam{});
  check_frozen(AdamW{});
  check_frozen(Rprop{});
  check_frozen(ClipValue{Adam{}, 0.1});
  VectorXd w(2);
  w << -0.0, 1;
  const ScaledRates frozen{AdamW{}, Eigen::Vector2d(0, 0)};
  auto state = start<double>(frozen, 2);
  frozen.step(
      w.data(), [](const double*, double* g) { return g[0] = g[1] = 1; }, state);
  CHECK(std::signbit(w[0]));
  CHECK(w[1] == 1);
}

TEST_CASE("a scaled rate under Nesterov is Nesterov at that rate") {
  const VectorXd tenth = VectorXd::Constant(6, 0.1);
  const VectorXd scaled =
      after(ScaledRates{Nesterov{.learning_rate = 0.05, .momentum = 0.9}, tenth}, 30);
  CHECK(difference(scaled, after(Nesterov{.learning_rate = 0.005, .momentum = 0.9}, 30)) < 1e-13);
}

TEST_CASE("the penalty is part of the error, and its gradient the derivative") {
  const auto nothing = [](const double*, double* g) {
    g[0] = g[1] = g[2] = 0;
    return 1.0;
  };
  VectorXd w(3);
  w << 2, -3, 0;
  const Eigen::Vector3d share(1, 0.5, 4);
  const PenalizeL1 l1{Sgd{.learning_rate = 1}, 0.1, share};
  auto of_l1 = start<double>(l1, 3);
  CHECK(l1.step(w.data(), nothing, of_l1) == Approx(1 + 0.1 * (2 + 1.5)));
  CHECK((w - Eigen::Vector3d(1.9, -2.95, 0)).norm() < 1e-15);
  const PenalizeL2 l2{Sgd{.learning_rate = 1}, 0.1};
  auto of_l2 = start<double>(l2, 3);
  CHECK(l2.step(w.data(), nothing, of_l2) == Approx(1 + 0.05 * (1.9 * 1.9 + 2.95 * 2.95)));
  CHECK((w - Eigen::Vector3d(1.71, -2.655, 0)).norm() < 1e-14);
}

TEST_CASE("penalties pass the list of checks, and compose with clipping") {
  CHECK(check_optimizer(PenalizeL2{Adam{}, 1e-3}).failures() == "");
  CHECK(check_optimizer(PenalizeL1{Momentum{}, 1e-3}).failures() == "");
  const PenalizeL2 both{ClipNorm{Sgd{.learning_rate = 1}, 1.0}, 2};
  CHECK(both.inner.inner.learning_rate == 1);
  auto state = start<double>(both, 2);
  Eigen::Vector2d w(3, 4);
  both.step(
      w.data(), [](const double*, double* g) { return g[0] = g[1] = 0; }, state);
  CHECK((w - Eigen::Vector2d(2.4, 3.2)).norm() < 1e-15);  // the penalty's gradient is clipped too
}

TEST_CASE("wrong penalties and factors are refused, and say why") {
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(said([&] {
          (void)start<double>(PenalizeL2{Sgd{}, -1}, 2);
        }).find("PenalizeL2: strength") == 0);
  CHECK(said([&] { (void)start<double>(PenalizeL1{Sgd{}, infinite}, 2); }).find("PenalizeL1") == 0);
  CHECK(said([&] {
          (void)start<double>(ScaledRates{Sgd{}, Eigen::Vector2d(1, -1)}, 2);
        }).find("ScaledRates: factors") == 0);
  CHECK(said([&] {
          (void)start<double>(PenalizeL2{Sgd{}, 1, Eigen::Vector2d(1, -1)}, 2);
        }).find("PenalizeL2: share") == 0);
}

TEST_CASE("factors and shares for another number of parameters are refused before the first step") {
  const Eigen::Vector2d two(1, 1);
  const std::string expected = ": expected 3 numbers, one for each parameter, got 2";
  const auto refusal = [](const auto& optimizer) {
    return said([&] { (void)start<double>(optimizer, 3); });
  };
  CHECK(refusal(ScaledRates{Sgd{}, two}) == "ScaledRates" + expected);
  CHECK(refusal(PenalizeL1{Sgd{}, 1, two}) == "PenalizeL1" + expected);
  CHECK(refusal(PenalizeL2{Sgd{}, 1, two}) == "PenalizeL2" + expected);
  CHECK(refusal(ClipNorm{PenalizeL2{ScaledRates{Sgd{}, two}, 1}, 1.0}) == "ScaledRates" + expected);
  CHECK(refusal(PenalizeL2{Sgd{}, 1}) == "nothing was thrown");

  // Settings may change between steps.
  ScaledRates rates{PenalizeL1{Sgd{}, 1, Eigen::Vector3d(1, 1, 1)}, Eigen::Vector3d(1, 1, 1)};
  auto state = start<double>(rates, 3);
  VectorXd w = VectorXd::Ones(3);
  const auto step = [&] {
    return said([&] {
      rates.step(
          w.data(), [](const double*, double* g) { return g[0] = g[1] = g[2] = 0; }, state);
    });
  };
  rates.factors = two;
  CHECK(step() == "ScaledRates" + expected);
  rates.factors = Eigen::Vector3d(1, 1, 1);
  rates.inner.share = two;
  CHECK(step() == "PenalizeL1" + expected);
  CHECK(w == VectorXd::Ones(3));
}

namespace {

/// A user's own wrapper: it turns the objective's sign, so that E rises.
template <class O>
struct Ascend {
  O inner;

  template <Real S, Index N = Dynamic>
  using State = typename O::template State<S, N>;

  void(check)() const { (inner.check)(); }

  template <Real S, class Objective, class Memory>
  double step(S* w, Objective&& objective, Memory& state) const {
    return -inner.step(
        w,
        [&](const S* at, S* gradient) {
          const double e = objective(at, gradient);
          gradient[0] = -gradient[0];
          return -e;
        },
        state);
  }
};

/// An optimizer with a number, no optimizer, of the name that a wrapped one would have.
struct Inexact : Sgd {
  int inner = 3;
};

}  // namespace

TEST_CASE("the innermost optimizer has the settings, however it is wrapped") {
  ClipNorm clip{Ascend<PenalizeL2<Momentum>>{PenalizeL2{Momentum{}, 0.5}}, 1.0};
  CHECK(&innermost(clip) == &clip.inner.inner.inner);
  innermost(clip).learning_rate = 0.25;
  CHECK(std::as_const(clip).inner.inner.inner.learning_rate == 0.25);
  static_assert(std::is_same_v<decltype(innermost(std::as_const(clip))), const Momentum&>);

  Inexact optimizer;
  CHECK(&innermost(optimizer) == &optimizer);
  static_assert(!std::is_base_of_v<Sgd, ClipNorm<Sgd>>);
}

TEST_CASE("a wrapper of one's own wraps ours, and is wrapped by them") {
  const auto line = [](const double* w, double* g) {
    g[0] = 3;
    return 3 * w[0];
  };
  const ClipNorm clip{Ascend<Sgd>{Sgd{.learning_rate = 0.5}}, 1.0};
  static_assert(Optimizer<decltype(clip)>);
  auto state = start<double>(clip, 1);
  double w = 2;
  CHECK(clip.step(&w, line, state) == 6);
  CHECK(w == 2.5);  // the gradient 3 is clipped to 1, then ascended
}
