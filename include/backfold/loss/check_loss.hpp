// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "backfold/core/finite.hpp"
#include "backfold/core/report.hpp"
#include "backfold/loss/single_targets.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Checks of a ColumnLoss that sums targets: single ones add up to E and give ∂E/∂y, here `d`.
template <class L>
void check_single_targets(const L& loss, const std::vector<double>& y, const std::vector<double>& z,
                          double E, const std::vector<double>& d, Report& report) {
  const auto targets = static_cast<Index>(z.size());
  const auto one = [](Index) { return 1.0; };
  const double sum = sum_over_targets(loss, y.data(), z.data(), targets, one);
  report.expect(std::abs(sum - E) <= 1e-12 * (std::max)(1.0, std::abs(E)),
                "the errors of single targets add up to ", sum, ", not to ", E);
  std::vector<double> by_target(y.size());
  target_derivatives(loss, y.data(), z.data(), targets, one, by_target.data());
  for (std::size_t j = 0; j < y.size(); ++j) {
    report.expect(std::abs(by_target[j] - d[j]) <= 1e-12 * (std::max)(1.0, std::abs(d[j])),
                  "derivative by output ", Index(j), " of a single target: ", by_target[j],
                  ", of all: ", d[j]);
  }
}

/// Checks of a ColumnLoss, with three targets: each ∂E/∂y_j against differences, the scale, single
/// targets against all, float against double, NaN in, NaN out.
template <class L>
void check_column_loss(const L& loss, Report& report) {
  constexpr Index targets = 3;
  constexpr Index units = targets * outputs_per_target<L>;
  const std::vector<double> z = {0.0521, 0.45, 0.91};
  std::vector<double> y(static_cast<std::size_t>(units)), d(y.size()), halved(y.size());
  constexpr double h = 1e-5;
  for (int point = 0; point < 20; ++point) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      y[j] = std::fmod(0.03 + 0.618034 * static_cast<double>(j + 7 * std::size_t(point)), 1.0);
    }
    const double here = loss.column(y.data(), z.data(), units);
    loss.column_derivative(y.data(), z.data(), units, 1.0, d.data());
    loss.column_derivative(y.data(), z.data(), units, 0.5, halved.data());
    for (std::size_t j = 0; j < y.size(); ++j) {
      const double at = y[j];
      y[j] = at + h;
      const double above = loss.column(y.data(), z.data(), units);
      y[j] = at - h;
      const double below = loss.column(y.data(), z.data(), units);
      y[j] = at;
      if (std::abs((above - here) - (here - below)) > 1e-2 * h) continue;  // a kink
      const double expected = (above - below) / (2 * h);
      report.expect(std::abs(d[j] - expected) <= 1e-6 * (std::max)(1.0, std::abs(expected)),
                    "derivative by output ", Index(j), " at y = ", at, ": ", d[j],
                    ", differences give ", expected);
      report.expect(std::abs(2 * halved[j] - d[j]) <= 1e-12 * (std::max)(1.0, std::abs(d[j])),
                    "derivative by output ", Index(j), " is not multiplied by the scale");
    }
    if constexpr (sums_targets<L>) check_single_targets(loss, y, z, here, d, report);
    const std::vector<float> y_float(y.begin(), y.end()), z_float(z.begin(), z.end());
    const float in_float = loss.column(y_float.data(), z_float.data(), units);
    report.expect(std::abs(double(in_float) - here) <= 1e-5 * (std::max)(1.0, std::abs(here)),
                  "float and double differ: ", double(in_float), " and ", here);
  }
  for (double& output : y) {
    const double at = std::exchange(output, (std::numeric_limits<double>::quiet_NaN)());
    report.expect(!is_finite(loss.column(y.data(), z.data(), units)),
                  "an output that is NaN gives a number");
    output = at;
  }
}

/// Checks of an elementwise loss.
template <class L>
void check_unit_loss(const L& loss, Report& report) {
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
}

}  // namespace detail

/// Runs the library's checks on a loss: ∂E/∂y against differences for outputs and targets in (0,
/// 1), where every loss is defined; float against double; NaN in, NaN out. @returns the failures
template <class L>
[[nodiscard]] Report check_loss(const L& loss) {
  static_assert(Loss<L>, "backfold: not a loss (see loss/loss.hpp)");
  Report report;
  if constexpr (ColumnLoss<L>) {
    detail::check_column_loss(loss, report);
  } else {
    detail::check_unit_loss(loss, report);
  }
  return report;
}

BACKFOLD_END_NAMESPACE
