// SPDX-License-Identifier: MIT
// E of a small network over two of its weights, and the stationary points of E by Newton's method.
#pragma once

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <backfold/analysis/hessian.hpp>
#include <backfold/backfold.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "learning_curve.hpp"

namespace bf = backfold;

/// y = tanh(w1 x + 1) + tanh(w2 x + 1), and E(w1, w2) = mean of ½(z − y)² over 7 points x.
///
/// A network 1-2-1 whose biases and output weights stay 1. The targets are its outputs at
/// w = (3, −1.5). Exchanging the hidden units exchanges w1 and w2, so E is symmetric about w1 = w2.
class ErrorSurface {
 public:
  using Net =
      bf::Mlp<double, bf::Input<1>, bf::Dense<2, bf::Tanh>, bf::Dense<1, bf::Linear, bf::NoBias>>;

  ErrorSurface() {
    net_.parameters().setOnes();
    net_.weights<1>() = truth;
    Z_ = net_(X_);
  }

  /// E(w) and ∇E(w), as optimizers take them.
  double operator()(const double* w, double* gradient) {
    net_.weights<1>() = Eigen::Vector2d::Map(w);
    const double E =
        bf::gradient(net_, bf::HalfSquaredError{}, data(), workspace_, all_, bf::Reduction::Mean);
    Eigen::Vector2d::Map(gradient) = all_.head<2>();  // the weights of layer 1 come first
    return E;
  }
  double operator()(const Eigen::Vector2d& w) {
    net_.weights<1>() = w;
    return bf::loss_of(net_, bf::HalfSquaredError{}, data(), workspace_,
                       {.reduction = bf::Reduction::Mean});
  }

  /// ∇E and the two rows and columns of the Hessian that belong to w1 and w2: a product with each
  /// unit vector.
  void derivatives(const Eigen::Vector2d& w, Eigen::Vector2d& gradient, Eigen::Matrix2d& H) {
    net_.weights<1>() = w;
    for (int i = 0; i < 2; ++i) {
      direction_.setZero(net_.parameter_count());
      direction_[i] = 1;
      product_(net_, bf::HalfSquaredError{}, data(), direction_, all_, bf::Reduction::Mean);
      H.col(i) = all_.head<2>();
    }
    product_.gradient(all_);
    gradient = all_.head<2>();
  }

  /// The network with these weights.
  Net network(const Eigen::Vector2d& w) const {
    Net net = net_;
    net.weights<1>() = w;
    return net;
  }
  /// The Hessian for all six parameters of the network.
  Eigen::MatrixXd whole_hessian(const Eigen::Vector2d& w) {
    return bf::hessian(network(w), bf::HalfSquaredError{}, data(), bf::Reduction::Mean);
  }

  const Eigen::Vector2d truth{3, -1.5};

 private:
  [[nodiscard]] bf::Samples<double> data() const { return {X_, Z_}; }

  Net net_;
  Eigen::MatrixXd X_ = Eigen::RowVectorXd::LinSpaced(7, -1.5, 1.5), Z_;
  bf::Workspace<Net> workspace_{net_, 7};
  bf::HessianProduct<Net> product_{net_, 7};
  Eigen::VectorXd direction_, all_;
};

/// A point with ∇E = 0, classified by the signs of the Hessian's eigenvalues.
struct StationaryPoint {
  Eigen::Vector2d w;
  double error, slope;          ///< E and |∇E|
  Eigen::Vector2d eigenvalues;  ///< ascending
  int starts = 1;               ///< that end here

  [[nodiscard]] const char* kind() const {
    constexpr double zero = 1e-8;
    if (eigenvalues.cwiseAbs().minCoeff() < zero) return "flat";
    if (eigenvalues[0] > 0) return "minimum";
    return eigenvalues[1] > 0 ? "saddle" : "maximum";
  }
};

inline StationaryPoint point_at(ErrorSurface& surface, const Eigen::Vector2d& w) {
  Eigen::Vector2d gradient;
  Eigen::Matrix2d H;
  surface.derivatives(w, gradient, H);
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> solver(H, Eigen::EigenvaluesOnly);
  return {w, surface(w), gradient.norm(), solver.eigenvalues()};
}

/// Path of gradient descent with momentum from a start.
struct Descent {
  std::vector<Eigen::Vector2d> points;  ///< w before the first step, and after each
  LearningCurve curve;
};

inline Descent descend(ErrorSurface& surface, std::string label, const Eigen::Vector2d& start,
                       const bf::Momentum& optimizer, int steps) {
  Descent descent{{}, {std::move(label), {}}};
  Eigen::Vector2d w = start;
  auto state = bf::start<double, 2>(optimizer, 2);
  for (int i = 0; i <= steps; ++i) {
    descent.points.push_back(w);
    descent.curve.errors.push_back(surface(w));
    optimizer.step(w.data(), surface, state);
  }
  return descent;
}

/// Newton's method on ∇E = 0, which finds saddles and maxima as well as minima. Damped as
/// Levenberg's: the step s solves (H² + λI)s = −H∇E. It is Newton's step for λ = 0, and a descent
/// direction of |∇E|² for any λ. λ shrinks after a step that lowers |∇E|; other steps are refused
/// and λ grows.
///
/// @return whether w converged; on a plateau |∇E| falls forever, and w moves past the limit
inline bool newton(ErrorSurface& surface, Eigen::Vector2d& w, double limit) {
  Eigen::Vector2d g, next_g;
  Eigen::Matrix2d H, next_H;
  surface.derivatives(w, g, H);
  double lambda = 1e-3;
  for (int i = 0; i < 300 && w.cwiseAbs().maxCoeff() < limit; ++i) {
    const Eigen::Matrix2d damped = H * H + lambda * Eigen::Matrix2d::Identity();
    const Eigen::Vector2d step = damped.inverse() * (H * -g);
    surface.derivatives(w + step, next_g, next_H);
    if (g.norm() < 1e-12 && step.norm() < 1e-6) return true;
    if (next_g.norm() < g.norm()) {
      w += step;
      g = next_g;
      H = next_H;
      lambda *= 0.2;
    } else {
      lambda *= 4;
    }
  }
  return false;
}

/// Newton's method from a grid of starts.
struct NewtonSearch {
  std::vector<StationaryPoint> points;  ///< distinct, the least E first
  int starts = 0, lost = 0;             ///< not converged: moved off along a plateau
};

inline NewtonSearch stationary_points(ErrorSurface& surface, double limit, int side) {
  NewtonSearch search;
  for (int i = 0; i < side * side; ++i) {
    Eigen::Vector2d w = limit * (2 * Eigen::Vector2d(i % side, i / side).array() / (side - 1) - 1);
    ++search.starts;
    if (!newton(surface, w, 3 * limit)) {
      ++search.lost;
      continue;
    }
    const auto known = std::find_if(search.points.begin(), search.points.end(),
                                    [&](const auto& p) { return (p.w - w).norm() < 1e-6; });
    if (known == search.points.end()) {
      search.points.push_back(point_at(surface, w));
    } else {
      ++known->starts;
    }
  }
  const auto order = [](const StationaryPoint& p) {
    return std::pair(std::round(1e9 * p.error), -p.w[0]);  // E of equivalent points up to rounding
  };
  std::sort(search.points.begin(), search.points.end(),
            [&](const auto& a, const auto& b) { return order(a) < order(b); });
  return search;
}
