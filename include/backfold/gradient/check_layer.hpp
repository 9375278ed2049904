// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/layer_network_checks.hpp"
#include "backfold/gradient/layer_step_checks.hpp"
#include "backfold/layer/same_but_for_size.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class L>
concept HasDynamicSize =
    HasOwnResized<L> && std::is_constructible_v < typename L::template Resized<Dynamic>,
const L& > ;

template <class L>
Report check_one_layer(const L& layer) {
  Report report;
  check_pull_back<double>(layer, Mode::Inference, report);
  check_pull_back<double>(layer, Mode::Training, report);
  check_extremes<float>(layer, report);
  check_extremes<double>(layer, report);
  if constexpr (GathersBias<L>) check_biases<double>(layer, report);
  if constexpr (requires { L::unit_symmetry; }) {
    if (L::unit_symmetry >= UnitSymmetry::Exchange) check_exchange<double>(layer, report);
  }
  // A network with a wrong layer adds no information, and may crash.
  if (report.ok()) check_in_network(layer, report);
  return report;
}

}  // namespace detail

/// Runs the library's checks on a layer, in float and double, in inference and in training: its
/// pull-back against differences of its step; independence of samples; gathering and scattering of
/// biases; no result left unset; finite results for gates of ±1e4, NaN for NaN; exchange of units,
/// if its unit_symmetry allows it. If all pass, it checks a small network with the layer, for
/// batches of 1 and 3: single steps against whole sequences, the gradient against differences,
/// real-time recurrent learning against backpropagation. A layer of static size is checked with
/// Dynamic size too.
template <class L>
[[nodiscard]] Report check_layer(const L& layer) {
  static_assert(Layer<L>, "backfold: not a layer (see layer/layer.hpp)");
  Report report = detail::check_one_layer(layer);
  if constexpr (L::units_at_compile_time != Dynamic && detail::HasDynamicSize<L>) {
    using Sized = typename L::template Resized<Dynamic>;
    if (report.ok()) report = detail::check_one_layer(Sized(layer));
  }
  return report;
}

/// Former name of check_layer, for a Cell.
template <class C>
[[nodiscard]] Report check_cell(const C& cell) {
  static_assert(Cell<C>, "backfold: not a cell (see layer/layer.hpp)");
  return check_layer(cell);
}

BACKFOLD_END_NAMESPACE
