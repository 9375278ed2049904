// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Name of a block's array: layer2.weight, layer2.recurrent, layer2.bias, layer2.own, layer2.start,
/// and of further connections layer2.weight_from_0, layer2.weight_from_3_delay_1.
inline std::string array_name(const Block& block) {
  const std::string layer = "layer" + std::to_string(block.layer) + ".";
  if (block.kind == Block::Kind::Bias) return layer + "bias";
  if (block.kind == Block::Kind::Own) return layer + "own";
  if (block.kind == Block::Kind::Start) return layer + "start";
  const Connection& c = block.connection;
  if (c.source == block.layer - 1 && c.delay == 0) return layer + "weight";
  if (c.source == block.layer && c.delay == 1) return layer + "recurrent";
  const std::string from = layer + "weight_from_" + std::to_string(c.source);
  return c.delay == 0 ? from : from + "_delay_" + std::to_string(c.delay);
}

/// Shape of a block's array. Weights are rows × columns, as in PyTorch; bias columns and a layer's
/// own columns are stored one after the other. A single column is a one-dimensional array, unless
/// it is the weights from a single unit.
inline std::vector<Index> array_shape(const Block& block) {
  const bool is_matrix =
      block.kind == Block::Kind::Weights && block.connection.weights != Weights::Diagonal;
  if (is_matrix) return {block.rows, block.columns};
  if (block.columns == 1) return {block.rows};
  return {block.columns, block.rows};
}

/// Copies a block between w (column-major) and its array (row-major).
template <class S, class T>
void copy_block(const Block& block, bool to_array, S* in_w, T* in_array) {
  const bool transposes = block.kind == Block::Kind::Weights;
  for (Index j = 0; j < block.columns; ++j) {
    for (Index i = 0; i < block.rows; ++i) {
      const Index in_order = j * block.rows + i;
      S& number = in_w[block.offset + in_order];
      T& other = in_array[transposes ? i * block.columns + j : in_order];
      if constexpr (!std::is_const_v<T>) {
        if (to_array) other = number;
      }
      if constexpr (!std::is_const_v<S>) {
        if (!to_array) number = other;
      }
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
