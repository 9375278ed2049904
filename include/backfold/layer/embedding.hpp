// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/linear.hpp"
#include "backfold/layer/dense.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A column of numbers for each of `Entries` things (words, categories): x = W e_i, where the layer
/// before has one unit that holds the index i. No one-hot vector is made, no product runs: forward
/// copies a column of W, backward adds to one.
///
///     Rnn<float, Input<1>, Embedding<16, 1000>, Lstm<32>, Dense<1000, Softmax>>
///
/// In a pass, an index that is no integer of 0..Entries−1 throws std::invalid_argument.
/// Source: Bengio, Ducharme, Vincent & Jauvin, A neural probabilistic language model (2003).
template <Index Units, Index Entries>
using Embedding = Dense<Units, Linear, Lookup<Entries>, NoBias>;

BACKFOLD_END_NAMESPACE
