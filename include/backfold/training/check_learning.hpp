// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/activation/activation.hpp"
#include "backfold/data/samples.hpp"
#include "backfold/loss/loss.hpp"
#include "backfold/network/network.hpp"

/// What training refuses although it could be computed: data, losses and networks from which
/// nothing useful is learned. `error` and `gradient` compute all of it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Whether a network's outputs are what a loss takes them for.
template <class Net, class L>
constexpr bool outputs_suit_loss() {
  using Output = typename Net::ArchitectureType::template LayerType<Net::output_layer>;
  if constexpr (!takes_probabilities<L>) {
    return true;
  } else if constexpr (requires { typename Output::ActivationType; }) {
    return outputs_probabilities<typename Output::ActivationType>;
  } else {
    return outputs_probabilities<Output>;
  }
}

/// Holds all targets of a source against what the loss asks of them.
/// @throws std::invalid_argument naming the first column that does not do
template <class L, class Source>
void check_targets(const L& loss, const Source& source) {
  auto check = [&](const auto& targets, Index c) {
    if constexpr (requires { loss.check_targets(targets.data(), targets.rows(), c); }) {
      loss.check_targets(targets.column(c), targets.rows(), c);
    }
  };
  if constexpr (requires { source.for_each_target(check); }) {
    source.for_each_target(check);
  } else {
    for (Index i = 0; i < source.count(); ++i) source[i].for_each_target(check);
  }
}

/// @throws std::invalid_argument if there are hidden layers and all parameters are the same number:
/// all units of such a layer would get the same gradient in every step
template <class Net>
void check_initialized(const Net& net) {
  if constexpr (Net::layer_count > 2) {
    const auto* const w = net.parameters().data();
    for (Index i = 1; i < net.parameter_count(); ++i) {
      if (w[i] != w[0]) return;
    }
    const auto sizes = net.architecture().sizes();
    const bool one_unit_each =
        std::all_of(sizes.begin() + 1, sizes.end() - 1, [](Index units) { return units == 1; });
    if (w[0] != 0 && one_unit_each) return;
    fail_argument("network: all parameters are ", static_cast<double>(w[0]),
                  ", so hidden units would stay equal: call initialize first");
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
