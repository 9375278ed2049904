// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True for layers that an exported header gives a memory. A Gru has none, since it is refused
/// unless h^(t−1) is its own last output.
inline bool has_header_memory(const LayerDescription& layer) {
  return is_type(layer, "Lstm") || is_type(layer, "MinGru");
}

/// Blocks of `units` rows in the weights of a layer.
inline int header_gates(const LayerDescription& layer) {
  if (is_type(layer, "Lstm")) return 4;
  if (is_type(layer, "Gru")) return 3;
  return is_type(layer, "MinGru") ? 2 : 1;
}

/// For each layer, the longest delay of connections from it: the steps that a state remembers.
inline std::vector<int> longest_delays(const std::vector<LayerDescription>& layers) {
  std::vector<int> result(layers.size(), 0);
  for (const LayerDescription& layer : layers) {
    for (const Connection& c : layer.connections) {
      int& longest = result[static_cast<std::size_t>(c.source)];
      longest = (std::max)(longest, c.delay);
    }
  }
  return result;
}

/// The learnt state of a layer before the first step: outputs 1 step ago, 2 steps ago, ..., then
/// the memory; nothing if it is zero.
template <Real S>
std::vector<S> learnt_start(const std::vector<Block>& blocks, const S* w, int layer) {
  for (const Block& block : blocks) {
    if (block.kind != Block::Kind::Start || block.layer != layer) continue;
    return {w + block.offset, w + block.offset + block.size()};
  }
  return {};
}

/// @throws std::invalid_argument for a Gru with Through
inline void check_gru_loops(const std::vector<LayerDescription>& layers) {
  for (const LayerDescription& layer : layers) {
    if (is_type(layer, "Gru") && layer.connections[1].source != layer.layer) {
      fail_argument("header: layer ", layer.layer,
                    " is a Gru whose recurrent connection leads "
                    "through another layer; expected one from itself");
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
