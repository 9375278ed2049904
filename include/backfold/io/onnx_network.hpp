// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A value that a recurrent network remembers between steps: a layer's outputs of some steps ago,
/// or its memory.
struct OnnxState {
  int layer;
  int delay;  ///< 0: the memory

  [[nodiscard]] std::string name() const {
    const std::string number = std::to_string(layer);
    if (delay == 0) return "memory_" + number;
    return "state_" + number + (delay > 1 ? "_delay_" + std::to_string(delay) : "");
  }
};

/// Names of the values that the nodes of a layer compute.
struct OnnxValues {
  std::string output;
  std::string last_output;  ///< of the last step
  std::string memory;       ///< after the last step; unused where a layer has none
};

/// A network as data, whatever its type.
struct OnnxNetwork {
  std::vector<LayerDescription> layers;
  std::vector<Block> blocks;
  std::vector<double> w;
  std::vector<int> history;      ///< of each layer: the longest delay with which it is used
  std::vector<bool> has_memory;  ///< of each layer: in addition to its output

  /// The block of a layer's connection, null if that has no weights.
  [[nodiscard]] const Block* weights_of(const LayerDescription& layer, const Connection& c) const {
    for (const Block& block : blocks) {
      if (block.layer == layer.layer && block.kind == Block::Kind::Weights &&
          block.connection == c) {
        return &block;
      }
    }
    return nullptr;
  }
  [[nodiscard]] std::vector<OnnxState> states() const {
    std::vector<OnnxState> list;
    for (int l = 0; l < static_cast<int>(layers.size()); ++l) {
      const auto at = static_cast<std::size_t>(l);
      for (int delay = 1; delay <= history[at]; ++delay) list.push_back({l, delay});
      if (has_memory[at]) list.push_back({l, 0});
    }
    return list;
  }
  [[nodiscard]] Index units(const OnnxState& state) const {
    return layers[static_cast<std::size_t>(state.layer)].units;
  }
  /// A block's columns after each other: the row-major matrix of columns × rows.
  [[nodiscard]] std::vector<double> numbers(const Block& block) const {
    const auto begin = w.begin() + block.offset;
    return {begin, begin + block.size()};
  }
  /// A layer's bias, own parameters or start, null if it has none.
  [[nodiscard]] const Block* block_of(const LayerDescription& layer, Block::Kind kind) const {
    for (const Block& block : blocks) {
      if (block.layer == layer.layer && block.kind == kind) return &block;
    }
    return nullptr;
  }
  /// A column of a layer's bias, own parameters or start, empty if it has none.
  [[nodiscard]] std::vector<double> column(const LayerDescription& layer, Block::Kind kind,
                                           Index j) const {
    const Block* const block = block_of(layer, kind);
    if (block == nullptr) return {};
    const auto begin = w.begin() + block->offset + j * block->rows;
    return {begin, begin + block->rows};
  }
  /// The learnt start of a state, empty if it has none.
  [[nodiscard]] std::vector<double> start(const OnnxState& state) const {
    const auto l = static_cast<std::size_t>(state.layer);
    const int j = state.delay > 0 ? state.delay - 1 : history[l];  // the memory comes last
    return column(layers[l], Block::Kind::Start, j);
  }
};

/// True for a layer whose steps depend on each other.
inline bool is_recurrent(const LayerDescription& layer) {
  for (const Connection& c : layer.connections) {
    if (c.delay > 0) return true;
  }
  return false;
}

/// Name of a constant of a layer: layer2.gain.
inline std::string constant_name(const LayerDescription& layer, const char* what) {
  return "layer" + std::to_string(layer.layer) + "." + what;
}

template <Real S, class... Layers>
OnnxNetwork onnx_network(const Network<S, Layers...>& net) {
  using Graph = typename Network<S, Layers...>::Graph;
  OnnxNetwork result{layers(net), blocks(net), {}, {}, {}};
  for (const S number : net.parameters()) result.w.push_back(static_cast<double>(number));
  for (int l = 0; l < Graph::layer_count; ++l) {
    result.history.push_back(Graph::history(l));
    result.has_memory.push_back(Graph::has_memory[static_cast<std::size_t>(l)]);
  }
  return result;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
