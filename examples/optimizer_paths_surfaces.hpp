// SPDX-License-Identifier: MIT
// Error surfaces over two parameters, each with its gradient and the places that an optimizer
// should reach or leave.
#pragma once

#include <Eigen/LU>
#include <array>
#include <backfold/backfold.hpp>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace bf = backfold;

/// E and its gradient, as the library's optimizers take them.
using Objective = std::function<double(const double* w, double* gradient)>;

/// Residuals r of E = ½|r|², as Levenberg-Marquardt takes them.
using Residual = std::function<void(const Eigen::VectorXd& w, Eigen::VectorXd& r)>;

struct Surface {
  std::string name;     ///< of files
  std::string title;    ///< of pictures
  std::string formula;  ///< E(w)
  Objective objective;
  Eigen::Vector2d low, high;  ///< corners of the picture
  Eigen::Vector2d start;
  std::vector<Eigen::Vector2d> optima;   ///< the best first
  std::vector<Eigen::Vector2d> saddles;  ///< points without a gradient that are no optima
  int steps;                             ///< of the picture
  /// η of the picture for Sgd, Momentum, Nesterov, RmsProp, Adam, Rprop
  std::array<double, 6> rates;
  Residual residual = nullptr;  ///< r(w) with E = ½|r|², where E is a sum of squares

  double error(const Eigen::Vector2d& w) const {
    Eigen::Vector2d unused;
    return objective(w.data(), unused.data());
  }
  double least_error() const { return error(optima[0]); }
};

/// Hessian by central differences of the gradient.
inline Eigen::Matrix2d hessian(const Surface& surface, const Eigen::Vector2d& w) {
  constexpr double h = 1e-5;
  Eigen::Matrix2d H;
  for (int i = 0; i < 2; ++i) {
    Eigen::Vector2d after, before;
    surface.objective(Eigen::Vector2d(w + h * Eigen::Vector2d::Unit(i)).data(), after.data());
    surface.objective(Eigen::Vector2d(w - h * Eigen::Vector2d::Unit(i)).data(), before.data());
    H.col(i) = (after - before) / (2 * h);
  }
  return H;
}

/// Point without a gradient near a guess, by Newton's method.
inline Eigen::Vector2d stationary_point(const Surface& surface, Eigen::Vector2d w) {
  for (int i = 0; i < 20; ++i) {
    Eigen::Vector2d gradient;
    surface.objective(w.data(), gradient.data());
    w -= hessian(surface, w).inverse() * gradient;
  }
  return w;
}

/// E = ½(w1² + 50 w2²): convex, 50 times steeper across than along.
inline Surface convex_valley() {
  return {
      .name = "valley",
      .title = "Convex valley",
      .formula = "½(w₁² + 50 w₂²)",
      .objective =
          [](const double* w, double* g) {
            g[0] = w[0];
            g[1] = 50 * w[1];
            return 0.5 * (w[0] * g[0] + w[1] * g[1]);
          },
      .low = {-3, -0.8},
      .high = {3, 0.8},
      .start = {-2.6, 0.6},
      .optima = {{0, 0}},
      .saddles = {},
      .steps = 300,
      .rates = {0.035, 0.01, 0.01, 0.03, 0.1, 0.05},
      .residual = [](const Eigen::VectorXd& w,
                     Eigen::VectorXd& r) { r = Eigen::Vector2d(w[0], std::sqrt(50.0) * w[1]); }};
}

/// E = ½w1² + ¼(w2² − 1)²: a saddle at 0 between the optima (0, ±1).
inline Surface saddle() {
  return {.name = "saddle",
          .title = "Saddle point",
          .formula = "½w₁² + ¼(w₂² − 1)²",
          .objective =
              [](const double* w, double* g) {
                const double away = w[1] * w[1] - 1;
                g[0] = w[0];
                g[1] = away * w[1];
                return 0.5 * w[0] * w[0] + 0.25 * away * away;
              },
          .low = {-1.8, -1.5},
          .high = {1.8, 1.5},
          .start = {-1.5, 0.001},
          .optima = {{0, 1}, {0, -1}},
          .saddles = {{0, 0}},
          .steps = 300,
          .rates = {0.1, 0.05, 0.05, 0.01, 0.05, 0.01},
          .residual =
              [](const Eigen::VectorXd& w, Eigen::VectorXd& r) {
                r = Eigen::Vector2d(w[0], std::sqrt(0.5) * (w[1] * w[1] - 1));
              }};
}

/// E = ¼(w1² − 1)² + 0.15 w1 + (w2 − ½w1²)²: the optimum on the side of the start is a local one.
inline Surface two_wells() {
  Surface surface{.name = "local_optimum",
                  .title = "Local optimum",
                  .formula = "¼(w₁² − 1)² + 0.15 w₁ + (w₂ − ½w₁²)²",
                  .objective =
                      [](const double* w, double* g) {
                        const double away = w[0] * w[0] - 1;
                        const double off = w[1] - 0.5 * w[0] * w[0];
                        g[0] = away * w[0] + 0.15 - 2 * off * w[0];
                        g[1] = 2 * off;
                        return 0.25 * away * away + 0.15 * w[0] + off * off;
                      },
                  .low = {-1.8, -0.8},
                  .high = {1.8, 2},
                  .start = {1.65, -0.4},
                  .optima = {},
                  .saddles = {},
                  .steps = 300,
                  .rates = {0.05, 0.02, 0.02, 0.01, 0.05, 0.01}};
  surface.optima = {stationary_point(surface, {-1.1, 0.5}), stationary_point(surface, {0.9, 0.4})};
  surface.saddles = {stationary_point(surface, {0.15, 0})};
  return surface;
}

/// E = (1 − w1)² + 100 (w2 − w1²)². Source: Rosenbrock, An automatic method for finding the
/// greatest or least value of a function (1960).
inline Surface rosenbrock() {
  return {.name = "rosenbrock",
          .title = "Rosenbrock’s valley",
          .formula = "(1 − w₁)² + 100(w₂ − w₁²)²",
          .objective =
              [](const double* w, double* g) {
                const double left = 1 - w[0];
                const double off = w[1] - w[0] * w[0];
                g[0] = -2 * left - 400 * off * w[0];
                g[1] = 200 * off;
                return left * left + 100 * off * off;
              },
          .low = {-1.7, -0.6},
          .high = {1.7, 1.8},
          .start = {-1.2, 1},
          .optima = {{1, 1}},
          .saddles = {},
          .steps = 5000,
          .rates = {1e-3, 3e-4, 3e-4, 3e-3, 0.03, 0.01},
          .residual =
              [](const Eigen::VectorXd& w, Eigen::VectorXd& r) {
                r = std::sqrt(2.0) * Eigen::Vector2d(1 - w[0], 10 * (w[1] - w[0] * w[0]));
              }};
}

/// E = Σ_k (c_k − w1(1 − w2^k))², c = 1.5, 2.25, 2.625. Source: Beale, On an iterative method for
/// finding a local minimum of a function of more than one variable (1958).
inline Surface beale() {
  return {.name = "beale",
          .title = "Beale’s surface",
          .formula = "Σₖ (cₖ − w₁(1 − w₂ᵏ))², c = 1.5, 2.25, 2.625",
          .objective =
              [](const double* w, double* g) {
                constexpr double c[3] = {1.5, 2.25, 2.625};
                double error = g[0] = g[1] = 0;
                double power = 1;  // w2^(k − 1)
                for (int k = 1; k <= 3; ++k) {
                  const double slope = k * power;
                  power *= w[1];
                  const double off = c[k - 1] - w[0] * (1 - power);
                  g[0] -= 2 * off * (1 - power);
                  g[1] += 2 * off * w[0] * slope;
                  error += off * off;
                }
                return error;
              },
          .low = {-0.5, -1.6},
          .high = {4.5, 2},
          .start = {1, 1.5},
          .optima = {{3, 0.5}},
          .saddles = {{0, 1}},
          .steps = 2000,
          .rates = {0.01, 0.003, 0.003, 0.01, 0.05, 0.01},
          .residual =
              [](const Eigen::VectorXd& w, Eigen::VectorXd& r) {
                const Eigen::Array3d power(w[1], std::pow(w[1], 2), std::pow(w[1], 3));
                r = std::sqrt(2.0) * (Eigen::Array3d(1.5, 2.25, 2.625) - w[0] * (1 - power));
              }};
}

/// E = 1 + 0.04|w|² − Σ_k d_k exp(−|w − c_k|²), d = 1, 0.7, 0.5: three optima of different depth.
inline Surface three_optima() {
  Surface surface{.name = "three_optima",
                  .title = "Three optima",
                  .formula = "1 + 0.04|w|² − Σₖ dₖ exp(−|w − cₖ|²), d = 1, 0.7, 0.5",
                  .objective =
                      [](const double* w, double* g) {
                        constexpr double c[3][2] = {{1.5, 0.8}, {-1.2, 1.2}, {-0.3, -1.3}};
                        constexpr double d[3] = {1, 0.7, 0.5};
                        g[0] = 0.08 * w[0];
                        g[1] = 0.08 * w[1];
                        double error = 1 + 0.04 * (w[0] * w[0] + w[1] * w[1]);
                        for (int k = 0; k < 3; ++k) {
                          const double x = w[0] - c[k][0], y = w[1] - c[k][1];
                          const double part = d[k] * std::exp(-x * x - y * y);
                          error -= part;
                          g[0] += 2 * part * x;
                          g[1] += 2 * part * y;
                        }
                        return error;
                      },
                  .low = {-2.8, -2.6},
                  .high = {2.8, 2.6},
                  .start = {1.4, -1.2},
                  .optima = {},
                  .saddles = {},
                  .steps = 300,
                  .rates = {0.1, 0.05, 0.05, 0.02, 0.1, 0.02}};
  surface.optima = {stationary_point(surface, {1.5, 0.8}), stationary_point(surface, {-1.2, 1.2}),
                    stationary_point(surface, {-0.3, -1.3})};
  return surface;
}

/// E of a network with two weights, y = w2 tanh(w1 x), that learns 1.5 tanh(2x). The network with
/// both signs changed is the same one: two optima, and a saddle at 0 between them.
inline Surface two_weights() {
  using Net = bf::Mlp<double, bf::Input<1>, bf::Dense<1, bf::Tanh, bf::NoBias>,
                      bf::Dense<1, bf::Linear, bf::NoBias>>;
  struct Learning {
    Net net;
    Eigen::MatrixXd X = Eigen::RowVectorXd::LinSpaced(9, -2, 2);
    Eigen::MatrixXd Z = 1.5 * (2 * X.array()).tanh();
    bf::Workspace<Net> workspace{net, 9};
    Eigen::VectorXd gradient;
  };
  return {.name = "two_weights",
          .title = "A network with two weights",
          .formula = "mean of ½(1.5 tanh 2x − w₂ tanh w₁x)² over 9 points x",
          .objective =
              [learning = Learning()](const double* w, double* g) mutable {
                learning.net.parameters() = Eigen::Vector2d(w);
                const double E = bf::gradient(
                    learning.net, bf::HalfSquaredError{}, bf::Samples(learning.X, learning.Z),
                    learning.workspace, learning.gradient, bf::Reduction::Mean);
                Eigen::Vector2d::Map(g) = learning.gradient;
                return E;
              },
          .low = {-4, -3},
          .high = {4, 3},
          .start = {-2.5, 0.7},
          .optima = {{2, 1.5}, {-2, -1.5}},
          .saddles = {{0, 0}},
          .steps = 1000,
          .rates = {0.3, 0.1, 0.1, 0.01, 0.05, 0.02},
          .residual =
              [learning = Learning()](const Eigen::VectorXd& w, Eigen::VectorXd& r) mutable {
                learning.net.parameters() = w;
                r = ((learning.net(learning.X) - learning.Z) / 3).reshaped();
              }};
}

inline std::vector<Surface> all_surfaces() {
  return {convex_valley(), saddle(),       two_wells(),  rosenbrock(),
          beale(),         three_optima(), two_weights()};
}
