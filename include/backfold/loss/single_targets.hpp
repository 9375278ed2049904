// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "backfold/loss/loss.hpp"

/// Single targets of a ColumnLoss that is a sum over targets with the same formula for each: the
/// loss itself, of the outputs that belong to one target.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if a ColumnLoss is a sum over targets and says which outputs belong to each.
template <class L>
inline constexpr bool sums_targets = requires {
  { L::output_of(Index{}, Index{}, Index{}) } -> std::convertible_to<Index>;
};

/// The outputs of one target, or ∂E/∂output for them, out of those of a sample.
template <class L, class S>
struct OutputsOfTarget {
  static constexpr Index size = outputs_per_target<L>;
  Index target, targets;
  S values[size];

  OutputsOfTarget(Index of, Index all) : target(of), targets(all), values{} {}
  void load(const S* outputs) {
    for (Index k = 0; k < size; ++k) values[k] = outputs[L::output_of(target, k, targets)];
  }
  void store(S* outputs) const {
    for (Index k = 0; k < size; ++k) outputs[L::output_of(target, k, targets)] = values[k];
  }
};

/// Σ_i weight_i·E_i for a sample y. Targets of weight 0 are not read.
template <class L, class S, class Weight>
double sum_over_targets(const L& loss, const S* y, const S* z, Index targets,
                        const Weight& weight_of) {
  double error = 0;
  for (Index i = 0; i < targets; ++i) {
    const double weight = weight_of(i);
    if (weight == 0) continue;
    OutputsOfTarget<L, S> outputs(i, targets);
    outputs.load(y);
    error += weight * static_cast<double>(loss.column(outputs.values, z + i, outputs.size));
  }
  return error;
}

/// d ← Σ_i scale_i·∂E_i/∂y for a sample y. Targets of scale 0 are not read.
template <class L, class S, class Scale>
void target_derivatives(const L& loss, const S* y, const S* z, Index targets, const Scale& scale_of,
                        S* d) {
  for (Index i = 0; i < targets; ++i) {
    OutputsOfTarget<L, S> outputs(i, targets), derivative(i, targets);
    const S scale = scale_of(i);
    if (scale != S(0)) {
      outputs.load(y);
      loss.column_derivative(outputs.values, z + i, outputs.size, scale, derivative.values);
    }
    derivative.store(d);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
