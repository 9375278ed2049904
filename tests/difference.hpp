// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <limits>

/// The larger of two distances; infinite if one is NaN, which std::max would lose.
inline double larger(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::infinity();
  return a < b ? b : a;
}

/// The largest difference, relative to the largest entry of what is expected. Infinite where a
/// number is not finite, or where the shapes differ.
inline double difference(const Eigen::MatrixXd& a, const Eigen::MatrixXd& expected) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (a.rows() != expected.rows() || a.cols() != expected.cols()) return infinity;
  double largest = 0, scale = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    largest = larger(largest, std::abs(a.data()[i] - expected.data()[i]));
    scale = larger(scale, std::abs(expected.data()[i]));
  }
  if (largest == infinity || scale == infinity) return infinity;
  return largest == 0 ? 0 : scale == 0 ? infinity : largest / scale;
}
