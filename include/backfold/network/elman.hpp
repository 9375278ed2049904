// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/linear.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/network/network.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Elman network: a hidden layer with a recurrent connection, and a linear output layer. Source: J.
/// L. Elman, Finding structure in time (1990).
template <Real S, Index Inputs, Index Hidden, Index Outputs, class HiddenActivation = Tanh,
          class OutputActivation = Linear>
using Elman = Rnn<S, Input<Inputs>, Dense<Hidden, HiddenActivation, Recurrent<>>,
                  Dense<Outputs, OutputActivation>>;

BACKFOLD_END_NAMESPACE
