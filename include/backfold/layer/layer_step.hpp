// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/packet.hpp"
#include "backfold/layer/noise.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The arrays of a layer in a pass: n columns of one time step, or, where nothing steps through
/// time, of all steps. All arrays are column-major and contiguous: net has net_gates·units rows,
/// the others have units rows. What a layer lacks is null.
template <Real S>
struct LayerStep {
  S* net;                  ///< the sum of the connections; may become what pull_back needs
  S* output;               ///< to be set
  const S* output_before;  ///< of the step before, where the layer has a connection from itself
  S* memory;               ///< to be set, where the layer has one
  const S* memory_before;
  const S* own;  ///< the layer's own parameters: block rows × own_columns
  Index units, n;
  Mode mode;
  LayerNoise noise;
};

/// The arrays of a layer's pull-back: those of its LayerStep after `forward`, and ∂E/∂ of each.
template <Real S>
struct LayerPullBack {
  S* net;  ///< to become ∂E/∂net
  const S* output;
  const S* output_before;
  const S* memory;
  const S* memory_before;
  const S* own;
  const S* d_output;
  S* d_memory;         ///< ∂E/∂memory, to become ∂E/∂memory_before
  S* d_output_before;  ///< ∂E/∂output_before other than through net is added here
  S* d_own;            ///< ∂E/∂own is added here
  Index units, n;
  Mode mode;
  LayerNoise noise;
};

BACKFOLD_END_NAMESPACE
