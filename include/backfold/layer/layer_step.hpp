// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/packet.hpp"
#include "backfold/layer/noise.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Arrays of a layer in a pass: n columns, of one time step or, if the layer need not step through
/// time, of all steps. All arrays are column-major and contiguous: net has net_gates·units rows,
/// the others have units rows. Arrays that a layer lacks are null.
template <Real S>
struct LayerStep {
  S* net;     ///< the sum of the connections; forward may replace it by numbers for pull_back
  S* output;  ///< to be set
  const S* output_before;  ///< of the step before, if the layer has a connection from itself
  S* memory;               ///< to be set, if the layer has one
  const S* memory_before;
  const S* own;  ///< the layer's own parameters: block rows × own_columns
  Index units, n;
  Mode mode;
  LayerNoise noise;
};

/// Arrays of a layer's pull-back: its LayerStep after `forward`, and the derivatives of E.
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
  S* d_output_before;  ///< add the part of ∂E/∂output_before that does not flow through net
  S* d_own;            ///< add ∂E/∂own
  Index units, n;
  Mode mode;
  LayerNoise noise;
};

BACKFOLD_END_NAMESPACE
