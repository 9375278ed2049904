// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Eigenvalues>

#include "backfold/layer/initializer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Square matrix of normal random numbers, scaled so that its largest absolute eigenvalue is
/// `radius`. The memory of a recurrent layer fades by about that factor per step. For recurrent
/// weights only:
///
///     net.initialize(Recurrently{SpectralRadius{0.9}, Uniform{-0.5, 0.5}}, random);
///
/// The eigenvalues need O(units³) time and Eigen's solver, so this header is not in the umbrella.
/// Source: Jaeger, The echo state approach to analysing and training recurrent neural networks
/// (2001).
struct SpectralRadius {
  double radius = 0.9;  ///< finite, >= 0

  /// @throws std::invalid_argument unless units = fan_in, and for a radius that is negative or not
  /// finite
  template <BitGenerator64 G, class S>
  void fill(G& random, S* w, Index units, Index fan_in) const {
    (check)();
    if (units != fan_in) {
      fail_argument("SpectralRadius: expected a square matrix, got ", units, " x ", fan_in,
                    ": use Recurrently{SpectralRadius{...}, ...}");
    }
    Matrix<double> drawn(units, units);
    double largest = 0;
    while (!(largest > 0)) {
      for (Index k = 0; k < drawn.size(); ++k) drawn.data()[k] = normal(random);
      largest = drawn.eigenvalues().cwiseAbs().maxCoeff();
    }
    const double factor = radius / largest;
    for (Index k = 0; k < drawn.size(); ++k) w[k] = static_cast<S>(factor * drawn.data()[k]);
  }
  /// The weights of a diagonal connection are the eigenvalues.
  template <BitGenerator64 G, class S>
  void fill_diagonal(G& random, S* w, Index units) const {
    (check)();
    std::vector<double> drawn(static_cast<std::size_t>(units));
    double largest = 0;
    while (!(largest > 0)) {
      for (double& value : drawn) {
        value = normal(random);
        largest = (std::max)(largest, std::abs(value));
      }
    }
    for (const double value : drawn) *w++ = static_cast<S>(radius / largest * value);
  }
  void(check)() const {
    if (!(radius >= 0 && is_finite(radius))) {
      fail_argument("SpectralRadius: radius must be finite and >= 0, got ", radius);
    }
  }
};

BACKFOLD_END_NAMESPACE
