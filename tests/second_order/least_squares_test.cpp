// SPDX-License-Identifier: MIT
#include "backfold/second_order/least_squares.hpp"

#include <Eigen/LU>
#include <limits>

#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

/// NIST's Misra1a, y = b1(1 − exp(−b2 x)), certified to 11 digits.
const double misra_y[] = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
                          44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};
const double misra_x[] = {77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                          378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};

void misra(const VectorXd& b, VectorXd& r) {
  r.resize(14);
  for (int i = 0; i < 14; ++i) r[i] = b[0] * (1 - std::exp(-b[1] * misra_x[i])) - misra_y[i];
}

template <class S>
void rosenbrock(const Vector<S>& w, Vector<S>& r, Matrix<S>* J) {
  r.resize(2);
  r << S(10) * (w[1] - w[0] * w[0]), S(1) - w[0];
  if (J == nullptr) return;
  J->resize(2, 2);
  *J << S(-20) * w[0], S(10), S(-1), S(0);
}

}  // namespace

TEST_CASE("a linear problem is solved as by QR, with its covariance") {
  const MatrixXd A = numbers(20, 3, 1);
  const VectorXd b = numbers(20, 1, 2);
  const auto found = least_squares(
      [&](const VectorXd& w, VectorXd& r, MatrixXd* J) {
        r = A * w - b;
        if (J != nullptr) *J = A;
      },
      VectorXd::Zero(3));
  const VectorXd w = A.colPivHouseholderQr().solve(b);
  const double sum = (A * w - b).squaredNorm();
  CHECK(found.converged());
  CHECK(difference(found.w, w) < 1e-8);
  CHECK(found.sum_of_squares == Approx(sum).epsilon(1e-13));
  const MatrixXd expected = sum / 17 * (A.transpose() * A).inverse();
  CHECK(difference(found.covariance, expected) < 1e-11);
}

TEST_CASE("Misra1a has its certified values from both starts") {
  const Eigen::Vector2d certified(238.94212918, 5.5015643181e-4);
  const Eigen::Vector2d deviations(2.7070075241, 7.2668688436e-6);
  for (const Eigen::Vector2d& start :
       {Eigen::Vector2d(500, 0.0001), Eigen::Vector2d(250, 0.0005)}) {
    const auto found = least_squares(misra, start);
    CHECK(found.converged());
    CHECK(found.sum_of_squares == Approx(0.12455138894).epsilon(1e-9));
    for (int i = 0; i < 2; ++i) {
      CHECK(found.w[i] == Approx(certified[i]).epsilon(1e-8));
      CHECK(std::sqrt(found.covariance(i, i)) == Approx(deviations[i]).epsilon(1e-5));
    }
  }
}

TEST_CASE("an exact problem ends at 0 in a few steps, in float and double") {
  const auto exact = least_squares(rosenbrock<double>, Eigen::Vector2d(-1.2, 1));
  CHECK(exact.sum_of_squares < 1e-25);
  CHECK(exact.iterations < 50);
  CHECK(exact.converged());
  const auto floats = least_squares(rosenbrock<float>, Eigen::RowVector2f(-1.2f, 1));
  CHECK((floats.w - Eigen::Vector2f(1, 1)).norm() < 1e-4f);
  const auto tangent =
      least_squares(rosenbrock<double>, Eigen::Vector2d(-1.2, 1), {.acceleration = false});
  CHECK(tangent.sum_of_squares < 1e-25);
}

TEST_CASE("an exact problem whose solution has a 0 ends, too") {
  for (const double start : {0.001, 0.1, 0.5}) {
    const auto found = least_squares(
        [](const VectorXd& w, VectorXd& r) {
          r = Eigen::Vector2d(w[0], std::sqrt(0.5) * (w[1] * w[1] - 1));
        },
        Eigen::Vector2d(-1.5, start));
    INFO("start " << start << ", " << found.iterations << " iterations");
    CHECK(found.converged());
    CHECK(found.iterations < 50);
    CHECK(found.sum_of_squares < 1e-25);
  }
}

TEST_CASE("parameters without effect, and more parameters than residuals, are no harm") {
  const auto found = least_squares(
      [](const VectorXd& w, VectorXd& r) { r = VectorXd::Constant(1, w[0] * w[0] + w[1] - 3); },
      Eigen::Vector3d(1, 1, 7));
  CHECK(found.sum_of_squares < 1e-20);
  CHECK(found.w[2] == 7);
  CHECK(found.covariance.size() == 0);
  const auto two = least_squares(
      [](const VectorXd& w, VectorXd& r) { r = Eigen::Vector4d(w[0] - 1, w[0] - 2, 0, 0); },
      Eigen::Vector2d(0, 5));
  CHECK(two.w[0] == Approx(1.5));
  CHECK(two.w[1] == 5);
  CHECK(two.covariance.size() == 0);  // not of full rank
}

TEST_CASE("results do not depend on the unit of the residuals") {
  const auto found_in = [](auto unit) {
    using S = decltype(unit);
    return least_squares(
        [unit](const Vector<S>& w, Vector<S>& r) {
          rosenbrock<S>(w, r, nullptr);
          r.conservativeResize(3);
          r[2] = S(0.5) * w[1];  // so that the least sum is not 0
          r *= unit;
        },
        Eigen::Matrix<S, 2, 1>(S(-1.2), S(1)));
  };
  const auto one = found_in(1.0);
  CHECK(one.converged());
  for (const int power : {-900, -510, -100, 100, 510, 900}) {
    INFO("2^" << power);
    const auto found = found_in(std::ldexp(1.0, power));
    CHECK(found.w == one.w);
    CHECK(found.covariance == one.covariance);
    CHECK(found.status == one.status);
    if (std::abs(power) < 500) {
      CHECK(found.sum_of_squares == std::ldexp(one.sum_of_squares, 2 * power));
    }
  }
  const auto in_float = found_in(1.0f);
  for (const int power : {-90, -70, 70, 90}) {
    INFO("float, 2^" << power);
    CHECK(found_in(std::ldexp(1.0f, power)).w == in_float.w);
  }
}

TEST_CASE("an end where steps fail is no convergence") {
  const auto wrong_sign = [](const VectorXd& w, VectorXd& r, MatrixXd* J) {
    r = w.array() - 10;
    if (J != nullptr) *J = -MatrixXd::Identity(1, 1);
  };
  const auto wrong = least_squares(wrong_sign, VectorXd::Constant(1, 3.0));
  CHECK(wrong.status == LeastSquaresStatus::Stalled);
  CHECK(wrong.w[0] == 3);
  const auto no_derivative = [](const VectorXd& w, VectorXd& r, MatrixXd* J) {
    r = w.array() - 10;
    if (J == nullptr) return;
    const double beyond = std::numeric_limits<double>::infinity();
    *J = MatrixXd::Constant(1, 1, w[0] > 5 ? beyond : 1.0);
  };
  const auto edge = least_squares(no_derivative, VectorXd::Constant(1, 3.0));
  CHECK(edge.status == LeastSquaresStatus::Stalled);
  CHECK(edge.w[0] == Approx(5));
  const auto root = least_squares(
      [](const VectorXd& w, VectorXd& r) { r = VectorXd::Constant(1, std::sqrt(w[0] - 0.5) + 1); },
      VectorXd::Constant(1, 3.0));
  CHECK(root.status == LeastSquaresStatus::Stalled);
}

TEST_CASE("steps to where residuals are not finite are tried shorter") {
  const auto found = least_squares(
      [](const VectorXd& w, VectorXd& r) { r = VectorXd::Constant(1, std::log(w[0]) + 5); },
      VectorXd::Constant(1, 3.0));
  CHECK(found.w[0] == Approx(std::exp(-5.0)).epsilon(1e-12));
}

TEST_CASE("least_squares refuses wrong use, and says why") {
  const auto line = [](const VectorXd& w, VectorXd& r) { r = w; };
  const VectorXd start = VectorXd::Ones(2);
  CHECK(said([&] { (void)least_squares(line, VectorXd()); }) ==
        "least_squares: there are no parameters");
  CHECK(said([&] { (void)least_squares(line, start, {.iterations = 0}); }) ==
        "least_squares: iterations must be >= 1, got 0");
  CHECK(said([&] { (void)least_squares(line, start, {.damping = 0}); }) ==
        "least_squares: damping must be positive and finite, got 0");
  const auto none = [](const VectorXd&, VectorXd& r) { r.resize(0); };
  CHECK(said([&] { (void)least_squares(none, start); }) == "least_squares: there are no residuals");
  const auto nan = [](const VectorXd&, VectorXd& r) {
    r = VectorXd::Constant(1, std::numeric_limits<double>::quiet_NaN());
  };
  CHECK(said([&] { (void)least_squares(nan, start); }) ==
        "least_squares: the residuals are not finite at the start");
  const auto shape = [](const VectorXd& w, VectorXd& r, MatrixXd* J) {
    r = w;
    if (J != nullptr) J->setOnes(2, 3);
  };
  CHECK(said([&] { (void)least_squares(shape, start); }) ==
        "least_squares: the Jacobian is 2 x 3, expected 2 x 2");
}
