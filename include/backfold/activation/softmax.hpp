// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "backfold/activation/unit_symmetry.hpp"
#include "backfold/core/long_sum.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Below this, exp(x − largest) is 0 and x − largest might overflow. x is clamped and not selected,
/// since clang evaluates both sides of a select, one of which overflows.
template <Real S>
S lowest_that_counts(S largest) {
  return largest / 2 - (std::numeric_limits<S>::max)() / 2;
}

}  // namespace detail

/// Softmax over the units of a layer: x_j = exp(net_j − a)/Σ_k exp(net_k − a), a the largest net
/// input; Jᵀδ = x ∘ (δ − Σ_k x_k δ_k). A probability for each class.
///
/// The shifted form with division. Source: Blanchard, Higham & Higham, Accurately computing the
/// log-sum-exp and softmax functions (2021).
struct Softmax {
  static constexpr const char* name = "Softmax";
  static constexpr auto unit_symmetry = UnitSymmetry::Exchange;
  static constexpr Index least_units = 2;  ///< a single output would always be 1

  template <Real S>
  void(apply)(S* x, Index units) const {
    using V = Lanes<S>;
    S largest = x[0];
    for (Index i = 1; i < units; ++i) largest = x[i] > largest ? x[i] : largest;
    const S lowest = detail::lowest_that_counts(largest);
    const V all(detail::sum_of_lanes<V>(units, [&](const V& total, Index i, auto count) {
      const V e = exp(at_least(detail::load_strip<V>(x + i, count), V(lowest)) - largest);
      detail::store_strip(e, x + i, count);
      return total + detail::load_strip<V>(x + i, count);
    }));
    for_strips<V::size>(units, [&](Index i, auto count) {
      detail::store_strip(detail::load_strip<V>(x + i, count) / all, x + i, count);
    });
  }

  template <Real S>
  void multiply_by_derivative(const S* output, S* delta, Index units) const {
    using V = Lanes<S>;
    const V mean(detail::sum_of_lanes<V>(units, [&](const V& total, Index i, auto count) {
      return multiply_add(detail::load_strip<V>(output + i, count),
                          detail::load_strip<V>(delta + i, count), total);
    }));
    for_strips<V::size>(units, [&](Index i, auto count) {
      detail::store_strip(detail::load_strip<V>(output + i, count) *
                              (detail::load_strip<V>(delta + i, count) - mean),
                          delta + i, count);
    });
  }
};

BACKFOLD_END_NAMESPACE
