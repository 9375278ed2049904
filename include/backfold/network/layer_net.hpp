// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"
#include "backfold/layer/layer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if a pass keeps the net input of a layer besides its output: φ' or the loss needs it, or φ
/// acts on whole columns.
template <class LayerType, bool ForLoss>
constexpr bool keeps_net() {
  if constexpr (!fuses_activation<LayerType>) {
    return true;
  } else {
    using Function = typename LayerType::ActivationType;
    return ForLoss || !ElementwiseActivation<Function> || uses_net_input<Function>;
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
