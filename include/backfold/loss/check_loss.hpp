// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "backfold/core/finite.hpp"
#include "backfold/core/report.hpp"
#include "backfold/loss/loss.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Runs our own checks on a loss: ∂E/∂y against differences for outputs and targets in (0, 1),
/// where every loss is defined, float like double, NaN in, NaN out. Failures are in the report.
template <class L>
Report check_loss(const L& loss) {
  static_assert(Loss<L>, "backfold: not a loss (see loss/loss.hpp)");
  Report report;
  auto value = [&](double y, double z) {
    return loss.value(Lanes<double>(y), Lanes<double>(z)).first();
  };
  constexpr double h = 1e-5;
  for (double z = 0.0521; z < 1; z += 0.1) {
    for (double y = 0.03; y < 1; y += 0.07) {
      const double here = value(y, z);
      const double above = value(y + h, z);
      const double below = value(y - h, z);
      if (std::abs((above - here) - (here - below)) > 1e-2 * h) continue;  // a kink
      const double expected = (above - below) / (2 * h);
      const double given = loss.derivative(Lanes<double>(y), Lanes<double>(z)).first();
      report.expect(std::abs(given - expected) <= 1e-6 * (std::max)(1.0, std::abs(expected)),
                    "derivative at y = ", y, ", z = ", z, ": ", given, ", differences give ",
                    expected);
      const float in_float =
          loss.value(Lanes<float>(static_cast<float>(y)), Lanes<float>(static_cast<float>(z)))
              .first();
      const float slope_in_float =
          loss.derivative(Lanes<float>(static_cast<float>(y)), Lanes<float>(static_cast<float>(z)))
              .first();
      report.expect(
          std::abs(double(in_float) - here) <= 1e-5 * (std::max)(1.0, std::abs(here)) &&
              std::abs(double(slope_in_float) - given) <= 1e-4 * (std::max)(1.0, std::abs(given)),
          "float and double differ at y = ", y, ", z = ", z);
    }
  }
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double z : {0.0, 0.5, 1.0}) {
    report.expect(!is_finite(value(nan, z)), "an output that is NaN gives a number at z = ", z);
    report.expect(!is_finite(loss.derivative(Lanes<double>(nan), Lanes<double>(z)).first()),
                  "an output that is NaN has a derivative at z = ", z);
  }
  return report;
}

BACKFOLD_END_NAMESPACE
