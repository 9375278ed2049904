// SPDX-License-Identifier: MIT
#include "backfold/second_order/lbfgs.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "backfold/backfold.hpp"
#include "backfold/second_order/fit_lbfgs.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"
#include "test_functions.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

VectorXd rosenbrock_start(Index n) {
  VectorXd start(n);
  for (Index i = 0; i < n; ++i) start[i] = i % 2 == 0 ? -1.2 : 1;
  return start;
}

}  // namespace

TEST_CASE("L-BFGS finds the minimum of Rosenbrock's function") {
  const auto two = minimize(Rosenbrock{}, rosenbrock_start(2));
  CHECK(two.status == LbfgsStatus::SmallGradient);
  CHECK(difference(two.w, VectorXd::Ones(2)) < 1e-8);
  CHECK(two.iterations < 60);
  CHECK(minimize(Rosenbrock{}, rosenbrock_start(2).array() * 1).w == two.w);
  const auto many = minimize(Rosenbrock{}, rosenbrock_start(100));
  CHECK(many.converged());
  VectorXd g;
  CHECK(many.error == Rosenbrock{}(many.w, g));
  CHECK(g.cwiseAbs().maxCoeff() <= 1e-8);
  CHECK(many.iterations < 600);
  const auto one = minimize(Rosenbrock{}, rosenbrock_start(2), {.memory = 1});
  CHECK(difference(one.w, VectorXd::Ones(2)) < 1e-8);
  const auto in_float = minimize(Rosenbrock{}, Eigen::Vector2f(-1.2f, 1));
  CHECK(difference(in_float.w.cast<double>(), VectorXd::Ones(2)) < 1e-2);
}

TEST_CASE("L-BFGS takes the same steps in whatever unit E is measured") {
  const auto steps = [](auto start, auto unit) {
    using V = decltype(start);
    return minimize(
        [unit](const V& w, V& g) {
          const double E = Rosenbrock{}(w, g);
          g *= unit;
          return E * double(unit);
        },
        start, {.iterations = 20});
  };
  const VectorXd start = rosenbrock_start(10);
  const Eigen::VectorXf in_float = start.cast<float>();
  for (const int power : {20, 50, 100, 600, 900}) {
    CHECK(steps(start, std::ldexp(1.0, power)).w == steps(start, 1.0).w);
  }
  for (const int power : {10, 20, 30, 60, 100, 110}) {
    CHECK(steps(in_float, std::ldexp(1.0f, power)).w == steps(in_float, 1.0f).w);
  }
}

TEST_CASE("L-BFGS ends at the solution of a least squares problem") {
  const MatrixXd A = numbers(30, 8, 1);
  const VectorXd b = numbers(30, 1, 2);
  const auto found = minimize(
      [&](const VectorXd& w, VectorXd& g) {
        const VectorXd r = A * w - b;
        g = A.transpose() * r;
        return r.squaredNorm() / 2;
      },
      VectorXd::Zero(8), {.gradient_tolerance = 1e-10, .gain_tolerance = 0});
  CHECK(difference(found.w, (A.transpose() * A).llt().solve(A.transpose() * b)) < 2e-8);
}

TEST_CASE("a linear network is trained to the solution of the normal equations by L-BFGS") {
  using Net = Mlp<double, Input<3>, Dense<1, Linear>>;
  const MatrixXd X = numbers(3, 30, 1), Z = numbers(1, 30, 2);
  Net net = made<Net>();
  const auto result = fit_lbfgs(net, HalfSquaredError{}, Samples(X, Z),
                                {.gradient_tolerance = 1e-10, .gain_tolerance = 0});
  MatrixXd ones(4, 30);
  ones << X, MatrixXd::Ones(1, 30);
  const VectorXd expected = (ones * ones.transpose()).llt().solve(ones * Z.transpose());
  CHECK(difference(net.parameters(), expected) < 1e-8);
  Workspace workspace(net, 30);
  const double E =
      loss_of(net, HalfSquaredError{}, Samples(X, Z), workspace, {.reduction = Reduction::Mean});
  CHECK(result.error == Approx(E).epsilon(1e-13));
}

TEST_CASE("L-BFGS trains a recurrent network") {
  using Net = Rnn<double, Input<1>, Dense<3, Tanh, Recurrent<>>, Dense<1, Linear>>;
  const MatrixXd X = numbers(1, 40, 3);
  const Net teacher = made<Net>();
  Workspace workspace(teacher, 4, 10);
  const MatrixXd Z = run(teacher, X, 10, workspace);
  Net net;
  Random random(2);
  net.initialize(Uniform{-0.5, 0.5}, random);
  CHECK(fit_lbfgs(net, HalfSquaredError{}, Sequences<double>(X, Z, 10)).error < 1e-5);
}

TEST_CASE("L-BFGS says why it ended") {
  const VectorXd start = rosenbrock_start(2);
  CHECK(minimize(Rosenbrock{}, VectorXd::Ones(2)).iterations == 0);
  CHECK(minimize(Rosenbrock{}, VectorXd::Ones(2)).status == LbfgsStatus::SmallGradient);
  const auto few = minimize(Rosenbrock{}, start, {.iterations = 3});
  CHECK(few.status == LbfgsStatus::Iterations);
  CHECK(few.iterations == 3);
  CHECK_FALSE(few.converged());
  const auto coarse = minimize(Rosenbrock{}, start, {.gain_tolerance = 1e15});
  CHECK(coarse.status == LbfgsStatus::SmallGain);
  const auto wrong = minimize(
      [](const VectorXd& w, VectorXd& g) {
        g = -2 * w;
        return w.squaredNorm();
      },
      start);
  CHECK(wrong.status == LbfgsStatus::Stalled);
  CHECK(wrong.w == start);
}

TEST_CASE("L-BFGS steps back from where the objective is not a number") {
  const auto found = minimize(
      [](const VectorXd& w, VectorXd& g) {
        g = VectorXd::Constant(1, w[0] > 0 ? 1 - 1 / w[0] : not_a_number);
        return w[0] > 0 ? w[0] - std::log(w[0]) : not_a_number;
      },
      VectorXd::Constant(1, 0.001));
  CHECK(found.converged());
  CHECK(std::abs(found.w[0] - 1) < 1e-7);
  CHECK(said([] {
          (void)minimize([](const VectorXd& w, VectorXd& g) { return g = w, not_a_number; },
                         VectorXd::Ones(2));
        }) == "lbfgs: the objective or its gradient is not finite at the start");
}

TEST_CASE("L-BFGS refuses wrong options and sizes") {
  CHECK(said([] { (void)minimize(Rosenbrock{}, VectorXd::Ones(2), {.memory = 0}); }) ==
        "lbfgs: iterations, memory and trials must be >= 1, got 1000, 0 and 30");
  CHECK(said([] { (void)minimize(Rosenbrock{}, VectorXd()); }) == "lbfgs: there are no parameters");
}
