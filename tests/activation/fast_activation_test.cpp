// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include "backfold/activation/check_activation.hpp"
#include "backfold/activation/fast_sigmoid.hpp"
#include "backfold/activation/fast_tanh.hpp"
#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"

namespace bf = backfold;

namespace {

/// The largest difference of an activation from a function, on a fine grid and far away.
template <class S, class A, class Exact>
double largest_error(const A& activation, const Exact& exact) {
  double largest = 0;
  double before = -1;
  for (int i = -400000; i <= 400000; ++i) {
    const S net = static_cast<S>(i * 5e-5);
    const double x = double(bf::detail::activation_value(activation, net));
    largest = std::max(largest, std::abs(x - exact(double(net))));
    if (x <= before - 4 * double(std::numeric_limits<S>::epsilon())) FAIL("decreases");
    before = x;
  }
  for (const S net : {S(-1e30), S(-700), S(700), S(1e30), std::numeric_limits<S>::max()}) {
    const double x = double(bf::detail::activation_value(activation, net));
    largest = std::max(largest, std::abs(x - exact(double(net))));
  }
  return largest;
}

template <class A>
void passes(const A& activation) {
  const bf::Report report = bf::check_activation(activation);
  INFO(report.failures());
  CHECK(report.ok());
}

}  // namespace

TEST_CASE("fast activations pass the list of checks") {
  passes(bf::FastTanh{});
  passes(bf::FastSigmoid{});
}

TEMPLATE_TEST_CASE("fast activations are as close as they say", "", float, double) {
  using S = TestType;
  const double of_tanh = largest_error<S>(bf::FastTanh{}, [](double v) { return std::tanh(v); });
  CHECK(of_tanh <= 5.3e-5);
  CHECK(of_tanh >= 5.1e-5);
  const double of_sigmoid =
      largest_error<S>(bf::FastSigmoid{}, [](double v) { return 1 / (1 + std::exp(-v)); });
  CHECK(of_sigmoid <= 2.7e-5);
  CHECK(of_sigmoid >= 2.5e-5);
}

TEMPLATE_TEST_CASE("FastTanh is tanh for what is close to 0", "", float, double) {
  using S = TestType;
  for (const S net : {S(0), S(1e-30), S(-1e-6), S(1e-3)}) {
    const S x = bf::detail::activation_value(bf::FastTanh{}, net);
    CHECK(double(x) == Approx(std::tanh(double(net))).epsilon(1e-6));
  }
}

TEST_CASE("FastSigmoid stays between 0 and 1") {
  for (const double net : {-1e300, -20.0, 20.0, 1e300}) {
    const double x = bf::detail::activation_value(bf::FastSigmoid{}, net);
    CHECK(std::min(x, 1 - x) >= 1.9e-5);
    CHECK(bf::detail::activation_derivative(bf::FastSigmoid{}, net) == 0);
  }
}

TEST_CASE("networks learn with the derivative of a fast activation") {
  bf::Rnn<double, bf::Input<2>, bf::Dense<5, bf::FastTanh, bf::Recurrent<>>,
          bf::Dense<3, bf::FastSigmoid>>
      net;
  bf::Random random(4);
  net.initialize(bf::Uniform{-1, 1}, random);
  const Eigen::MatrixXd X = numbers(2, 12, 1);
  const Eigen::MatrixXd Z = numbers(3, 12, 2);
  bf::Workspace workspace(net, 2, 6);
  Eigen::VectorXd g;
  const bf::Sequences<double> data(X, Z, 6);
  bf::gradient(net, bf::HalfSquaredError{}, data, workspace, g);
  for (bf::Index i = 0; i < net.parameter_count(); ++i) {
    constexpr double h = 1e-6;
    double side[2];
    const double w = net.parameters()[i];
    for (const int s : {0, 1}) {
      net.parameters()[i] = s == 0 ? w - h : w + h;
      side[s] = bf::loss_of(net, bf::HalfSquaredError{}, data, workspace);
    }
    net.parameters()[i] = w;
    CHECK(g[i] == Approx((side[1] - side[0]) / (2 * h)).margin(1e-8));
  }
}
