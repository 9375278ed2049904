// SPDX-License-Identifier: MIT
// Functions of the literature with known minima; each sets g to its gradient.
#pragma once

#include <Eigen/Core>

/// Σ 100 (w_(i+1) − w_i²)² + (1 − w_i)², least at (1, ..., 1).
struct Rosenbrock {
  template <class V>
  double operator()(const V& w, V& g) const {
    using S = typename V::Scalar;
    g.setZero(w.size());
    S sum = 0;
    for (Eigen::Index i = 0; i + 1 < w.size(); ++i) {
      const S a = w[i + 1] - w[i] * w[i], b = 1 - w[i];
      sum += 100 * a * a + b * b;
      g[i] += -400 * a * w[i] - 2 * b;
      g[i + 1] += 200 * a;
    }
    return static_cast<double>(sum);
  }
};

/// Σ (c_i − x (1 − y^i))² with c = 1.5, 2.25, 2.625, least at (3, 0.5).
struct Beale {
  double operator()(const Eigen::VectorXd& w, Eigen::VectorXd& g) const {
    const double x = w[0], y = w[1], c[] = {1.5, 2.25, 2.625};
    double sum = 0, power = 1;  // y^(i − 1)
    g.setZero(2);
    for (int i = 0; i < 3; ++i, power *= y) {
      const double r = c[i] - x * (1 - power * y);
      sum += r * r;
      g[0] -= 2 * r * (1 - power * y);
      g[1] += 2 * r * x * (i + 1) * power;
    }
    return sum;
  }
};

/// Two of Rosenbrock's valleys, joined, least at (1, 1, 1, 1).
struct Wood {
  double operator()(const Eigen::VectorXd& w, Eigen::VectorXd& g) const {
    const double u = w[1] - w[0] * w[0], v = w[3] - w[2] * w[2];
    const double a = 1 - w[0], c = 1 - w[2], p = w[1] + w[3] - 2, q = w[1] - w[3];
    g.resize(4);
    g << -400 * w[0] * u - 2 * a, 200 * u + 20 * p + q / 5, -360 * w[2] * v - 2 * c,
        180 * v + 20 * p - q / 5;
    return 100 * u * u + a * a + 90 * v * v + c * c + 10 * p * p + q * q / 10;
  }
};

/// Powell's singular function, least at 0, where its Hessian has rank 2.
struct Powell {
  double operator()(const Eigen::VectorXd& w, Eigen::VectorXd& g) const {
    const double p = w[0] + 10 * w[1], q = w[2] - w[3], r = w[1] - 2 * w[2], s = w[0] - w[3];
    const double r3 = r * r * r, s3 = s * s * s;
    g.resize(4);
    g << 2 * p + 40 * s3, 20 * p + 4 * r3, 10 * q - 8 * r3, -10 * q - 40 * s3;
    return p * p + 5 * q * q + r * r3 + 10 * s * s3;
  }
};
