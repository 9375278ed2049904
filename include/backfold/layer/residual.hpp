// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/linear.hpp"
#include "backfold/layer/dense.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Residual sum without weights: x = x of the layer before + x of the earlier layer `Source`. All
/// three layers have equally many units.
///
///     Mlp<float, Input<8>, Dense<16, Relu>, Dense<8, Linear>, Residual<8, 0>, ...>
///
/// Source: He, Zhang, Ren & Sun, Deep residual learning for image recognition (2016).
template <Index Units, LayerSource Source>
using Residual = Dense<Units, Linear, Direct, Add<Source>, NoBias>;

/// An activation as a layer of its own: x = φ(x of the layer before), without weights. It may
/// follow a LayerNorm or a Residual.
template <Index Units, class ActivationFunction, class... Options>
using Activate = Dense<Units, ActivationFunction, Direct, NoBias, Options...>;

BACKFOLD_END_NAMESPACE
