// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/linear.hpp"
#include "backfold/layer/dense.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A vector for each of `Entries` words or categories: x = W e_i, with the index i in the single
/// unit of the layer before. It makes no one-hot vector and no product: forward copies a column of
/// W, backward adds to one.
///
///     Rnn<float, Input<1>, Embedding<16, 1000>, Lstm<32>, Dense<1000, Softmax>>
///
/// A pass throws std::invalid_argument for an index that is not an integer in 0..Entries−1. Source:
/// Bengio, Ducharme, Vincent & Jauvin, A neural probabilistic language model (2003).
template <Index Units, Index Entries>
using Embedding = Dense<Units, Linear, Lookup<Entries>, NoBias>;

BACKFOLD_END_NAMESPACE
