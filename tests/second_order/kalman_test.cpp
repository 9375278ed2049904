// SPDX-License-Identifier: MIT
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <limits>

#include "backfold/backfold.hpp"
#include "backfold/second_order/extended_kalman_filter.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "reference/reference.hpp"
#include "said.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

using Line = Mlp<double, Input<3>, Dense<2, Linear>>;
using Small = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear>>;
using Echo = Rnn<double, Input<1>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// w of the ridge regression min Σ_t λ^(n−1−t) ‖y − z‖²/r + λ^n ‖w − w0‖²/p, and P after it.
struct Ridge {
  MatrixXd W, P;  ///< 2 × 4, and that of one output
};
Ridge ridge(const Line& start, const MatrixXd& X, const MatrixXd& Z, double p, double r,
            double forgetting) {
  MatrixXd W0(2, 4), A(4, 4), B(2, 4);
  W0 << start.weights<1>(), start.bias<1>();
  const double prior = std::pow(forgetting, X.cols()) / p;
  A = prior * MatrixXd::Identity(4, 4);
  B = prior * W0;
  for (Index t = 0; t < X.cols(); ++t) {
    VectorXd x(4);
    x << X.col(t), 1;
    const double weight = std::pow(forgetting, X.cols() - 1 - t) / r;
    A += forgetting * weight * x * x.transpose();
    B += forgetting * weight * Z.col(t) * x.transpose();
  }
  return {A.llt().solve(B.transpose()).transpose(), A.llt().solve(MatrixXd::Identity(4, 4))};
}

}  // namespace

TEST_CASE("in a linear network the filter is ridge regression, with and without forgetting") {
  const MatrixXd X = numbers(3, 40, 1), Z = numbers(2, 40, 2);
  for (const double forgetting : {1.0, 0.95}) {
    auto net = made<Line>();
    const Ridge expected = ridge(net, X, Z, 50, 0.3, forgetting);
    ExtendedKalmanFilter filter(net, {.initial_covariance = 50,
                                      .measurement_noise = 0.3,
                                      .process_noise = 0,
                                      .forgetting = forgetting});
    for (Index t = 0; t < 40; ++t) filter.step(net, X.col(t), Z.col(t));
    CAPTURE(forgetting);
    CHECK(difference(net.weights<1>(), expected.W.leftCols(3)) < 1e-10);
    CHECK(difference(net.bias<1>(), expected.W.col(3)) < 1e-10);
    // The parameters of an output are every second one; the two outputs are not correlated.
    const MatrixXd P = filter.covariance();
    for (Index i = 0; i < 8; ++i) {
      for (Index j = 0; j < 8; ++j) {
        const double value = i % 2 == j % 2 ? expected.P(i / 2, j / 2) : 0;
        CHECK(std::abs(P(i, j) - value) < 1e-10);
      }
    }
  }
}

TEST_CASE("nodes of a linear layer are independent, so that decoupling them changes nothing") {
  const MatrixXd X = numbers(3, 20, 3), Z = numbers(2, 20, 4);
  auto net = made<Line>(), decoupled = made<Line>();
  ExtendedKalmanFilter filter(net, {.process_noise = 1e-3});
  ExtendedKalmanFilter by_node(decoupled,
                               {.process_noise = 1e-3, .coupling = KalmanCoupling::Node});
  for (Index t = 0; t < 20; ++t) {
    filter.step(net, X.col(t), Z.col(t));
    by_node.step(decoupled, X.col(t), Z.col(t));
  }
  CHECK(difference(decoupled.parameters(), net.parameters()) < 1e-12);
  CHECK(difference(by_node.covariance(), filter.covariance()) < 1e-12);
}

TEST_CASE("steps equal those of a filter with PyTorch's Jacobians") {
  const Reference reference("kalman");
  const std::pair<const char*, KalmanCoupling> couplings[] = {{"global", KalmanCoupling::Global},
                                                              {"layer", KalmanCoupling::Layer},
                                                              {"node", KalmanCoupling::Node}};
  for (const auto& [name, coupling] : couplings) {
    const MatrixXd &X = reference["X"], &Z = reference["Z"];
    const MatrixXd& path = reference[std::string(name) + ".w"];
    Small net;
    net.parameters() = reference["w0"];
    KalmanOptions options{.initial_covariance = 2,
                          .noise_by_output = {0.05, 0.2},
                          .process_noise = 1e-3,
                          .process_noise_decay = 0.7,
                          .least_process_noise = 1e-4,
                          .forgetting = 0.98,
                          .coupling = coupling};
    ExtendedKalmanFilter filter(net, options);
    for (Index t = 0; t < X.cols(); ++t) {
      const VectorXd y = net(X.col(t));
      const double E = filter.step(net, X.col(t), Z.col(t));
      CAPTURE(name, t);
      CHECK(E == Approx((Z.col(t) - y).squaredNorm() / 2).epsilon(1e-12));
      CHECK(difference(filter.output(), y) < 1e-13);
      CHECK(difference(net.parameters(), path.col(t)) < 1e-10);
    }
    CHECK(filter.process_noise() == 1e-4);
    CHECK(difference(filter.covariance(), reference[std::string(name) + ".P"]) < 1e-10);
  }
}

TEST_CASE("a missing target is as if its output were not there, also as NaN or of weight 0") {
  const MatrixXd X = numbers(3, 10, 5), Z = numbers(2, 10, 6);
  using First = Mlp<double, Input<3>, Dense<1, Linear>>;
  First first;
  auto net = made<Line>(), weighted = made<Line>();
  const Line start = net;
  first.weights<1>() = net.weights<1>().topRows(1);
  first.bias<1>() = net.bias<1>().head(1);
  ExtendedKalmanFilter filter(net, {}), by_weight(weighted, {});
  ExtendedKalmanFilter alone(first, {});
  for (Index t = 0; t < 10; ++t) {
    VectorXd z = Z.col(t);
    by_weight.step(weighted, X.col(t), z, Eigen::Vector2d(1, 0));
    z[1] = not_a_number;
    const double E = filter.step(net, X.col(t), z);
    CHECK(E == Approx(alone.step(first, X.col(t), z.head(1))).epsilon(1e-12));
  }
  CHECK(difference(net.weights<1>().topRows(1), first.weights<1>()) < 1e-12);
  CHECK(net.weights<1>().row(1) == start.weights<1>().row(1));
  CHECK(net.parameters() == weighted.parameters());

  // Without any target, w and P stay as they are.
  const VectorXd w = net.parameters();
  const MatrixXd P = filter.covariance();
  CHECK(filter.step(net, X.col(0), VectorXd::Constant(2, not_a_number)) == 0);
  filter.step(net, X.col(0));
  CHECK(net.parameters() == w);
  CHECK(filter.covariance() == P);
}

TEST_CASE("a weight divides the measurement noise") {
  const MatrixXd X = numbers(2, 5, 7), Z = numbers(2, 5, 8);
  auto net = made<Small>(), weighted = made<Small>();
  ExtendedKalmanFilter filter(net, {.noise_by_output = {0.25, 2}});
  ExtendedKalmanFilter by_weight(weighted, {.measurement_noise = 1});
  for (Index t = 0; t < 5; ++t) {
    filter.step(net, X.col(t), Z.col(t));
    by_weight.step(weighted, X.col(t), Z.col(t), Eigen::Vector2d(4, 0.5));
  }
  CHECK(difference(weighted.parameters(), net.parameters()) < 1e-12);
}

TEST_CASE("a recurrent filter carries its state, and starts afresh at a reset") {
  const MatrixXd X = numbers(1, 6, 9), Z = numbers(2, 6, 10);
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    auto net = made<Echo>();
    const Echo start = net;
    ExtendedKalmanFilter filter(net, {.mode = mode, .window = 6});
    Workspace<Echo> workspace(net, 1, 6);
    const MatrixXd Y = run(net, X, 6, workspace);
    for (int round = 0; round < 2; ++round) {
      for (Index t = 0; t < 6; ++t) {
        filter.step(net, X.col(t));  // without a target: w does not change
        CHECK(difference(filter.output(), Y.col(t)) < 1e-13);
      }
      filter.reset();
    }
    CHECK(net.parameters() == start.parameters());
    for (Index t = 0; t < 6; ++t) filter.step(net, X.col(t), Z.col(t));
    CHECK(difference(net.parameters(), start.parameters()) > 0.1);
  }
}

TEST_CASE("P stays symmetric and positive definite over many steps") {
  auto net = made<Small>();
  ExtendedKalmanFilter filter(net, {.initial_covariance = 1e3, .measurement_noise = 1e-2});
  const MatrixXd X = numbers(2, 50, 11), Z = numbers(2, 50, 12);
  for (int round = 0; round < 20; ++round) {
    for (Index t = 0; t < 50; ++t) CHECK(filter.step(net, X.col(t), Z.col(t)) >= 0);
  }
  const MatrixXd P = filter.covariance();
  CHECK(P == P.transpose());
  CHECK(Eigen::SelfAdjointEigenSolver<MatrixXd>(P).eigenvalues().minCoeff() > 0);
}

TEST_CASE("an update that is not finite changes neither w nor P") {
  auto net = made<Small>();
  const VectorXd w = net.parameters();
  ExtendedKalmanFilter filter(net, {});
  const MatrixXd P = filter.covariance();
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(std::isnan(filter.step(net, Eigen::Vector2d(1, not_a_number), Eigen::Vector2d(1, 1))));
  CHECK(std::isnan(filter.step(net, Eigen::Vector2d(1, 1), Eigen::Vector2d(1, infinity))));
  CHECK(net.parameters() == w);
  CHECK(filter.covariance() == P);
  CHECK(filter.step(net, Eigen::Vector2d(1, 1), Eigen::Vector2d(1, 1)) > 0);
}

TEST_CASE("a Kalman filter refuses wrong use, and says why") {
  const auto net = made<Small>();
  const auto refused = [&](const KalmanOptions& options) {
    return said([&] { ExtendedKalmanFilter<Small>(net, options); });
  };
  CHECK(refused({.initial_covariance = 0}) ==
        "kalman: initial_covariance must be positive and finite, got 0");
  CHECK(refused({.measurement_noise = -1}) ==
        "kalman: measurement_noise must be positive and finite, got -1");
  CHECK(refused({.noise_by_output = {1, 2, 3}}) ==
        "kalman: expected noise_by_output for 2 outputs, got 3");
  CHECK(refused({.noise_by_output = {1, 0}}) ==
        "kalman: noise_by_output must be positive and finite, got 0");
  CHECK(refused({.process_noise = -1}) == "kalman: process_noise must be >= 0 and finite, got -1");
  CHECK(refused({.process_noise_decay = 2}) ==
        "kalman: process_noise_decay must lie between 0 and 1, got 2");
  CHECK(refused({.forgetting = 0}) == "kalman: forgetting must be above 0 and at most 1, got 0");
  CHECK(refused({.window = -1}) == "kalman: window must be >= 0, got -1");
  const auto echo = made<Echo>();
  CHECK(said([&] { ExtendedKalmanFilter<Echo>(echo, {.mode = JacobianMode::Reverse}); }) ==
        "kalman: backpropagation through time needs a window >= 1, got 0");

  auto small = made<Small>();
  ExtendedKalmanFilter filter(small, {});
  const MatrixXd two = MatrixXd::Ones(2, 2);
  CHECK(said([&] { filter.step(small, two, two.col(0)); }) == "kalman: takes one sample, got 2");
  CHECK(said([&] { filter.step(small, two.col(0), two); }) ==
        "kalman: expected a target 2 x 1, got 2 x 2");
  CHECK(said([&] { filter.step(small, two.col(0), two.col(0), two.row(0)); }) ==
        "kalman: expected weights 2 x 1, got 1 x 2");
  CHECK(said([&] { filter.step(small, VectorXd::Ones(3).eval(), two.col(0)); }) ==
        "input has 3 rows, the input layer 2 units");
  using Any = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
  Any any(2, 3, 2), wider(2, 4, 2);
  ExtendedKalmanFilter for_any(any, {});
  CHECK(said([&] { for_any.step(wider, two.col(0), two.col(0)); }) ==
        "kalman: the filter is for 17 parameters and 2 outputs, the network has 22 and 2");
}
