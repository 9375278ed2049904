// SPDX-License-Identifier: MIT
#include "backfold/analysis/transition.hpp"

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;

TEST_CASE("the transition of a linear diagonal network is its weights") {
  using Net = Rnn<double, Input<1>, Dense<3, Linear, SelfRecurrent<>>>;
  Net net;
  const Eigen::Vector3d u(0.5, -0.9, 0.3);
  net.parameters().setZero();
  net.weights<1, 1>() = u;
  Transition<Net> transition(net);
  State<Net> state(net);
  const Eigen::MatrixXd X = numbers(1, 200, 1);
  CHECK(transition.jacobian(net, X.col(0), state) == Eigen::MatrixXd(u.asDiagonal()));
  CHECK(transition.spectral_radius(net, X.col(0), state) == Approx(0.9).epsilon(1e-14));
  CHECK(transition.lyapunov_exponent(net, X, state, {.transient = 100}) ==
        Approx(std::log(0.9)).epsilon(1e-12));
}

TEST_CASE("a rotation has eigenvalues of modulus r and the exponent ln r") {
  using Net = Rnn<double, Input<1>, Dense<2, Linear, Recurrent<>, NoBias>>;
  Net net;
  net.parameters().setZero();
  const double r = 1.25, c = 0.6, s = 0.8;
  net.weights<1, 1>() << r * c, -r * s, r * s, r * c;
  Transition<Net> transition(net);
  State<Net> state(net);
  const Eigen::MatrixXd X = Eigen::MatrixXd::Zero(1, 50);
  CHECK(transition.spectral_radius(net, X.col(0), state) == Approx(1.25).epsilon(1e-13));
  CHECK(transition.lyapunov_exponent(net, X, state) == Approx(std::log(1.25)).epsilon(1e-13));
}
