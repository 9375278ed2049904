// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/product.hpp"

BACKFOLD_BEGIN_NAMESPACE

template <Real S>
class AnyNetwork;

/// State of an AnyNetwork between steps, and its scratch: a value that the caller owns. It starts
/// at zero, or at the network's LearntStart, and fits the network that made it and a batch size.
template <Real S>
class AnyState {
 public:
  [[nodiscard]] Index batch() const { return batch_; }
  /// Resets the state to the one before the first step: the LearntStart, otherwise zero.
  void reset() {
    for (auto& layer : layers_) {
      std::fill_n(layer.outputs.data(), layer.outputs.size(), S(0));
      std::fill_n(layer.memory.data(), layer.memory.size(), S(0));
      set_start(layer);
    }
  }

 private:
  friend class AnyNetwork<S>;

  struct Layer {
    Index block;               ///< units·batch
    detail::Array<S> outputs;  ///< blocks: this step, 1 step ago, ...
    detail::Array<S> memory;   ///< blocks: this step, 1 step ago; or nothing
    /// Outputs 1 step ago, 2 steps ago, ..., then the memory, before the first step; nothing if 0
    detail::Array<S> start;
  };

  explicit AnyState(Index batch) : batch_(batch) {}

  /// @param start the numbers before the first step, or null for zeros
  void add_layer(Index units, int history, bool has_memory, const S* start) {
    const Index block = units * batch_;
    const Index starts = start == nullptr ? 0 : (history + Index{has_memory}) * units;
    layers_.push_back({block, detail::Array<S>((1 + history) * block),
                       detail::Array<S>(has_memory ? 2 * block : 0), detail::Array<S>(starts)});
    std::copy_n(start, starts, layers_.back().start.data());
    set_start(layers_.back());
  }
  /// Copies the start to where a step finds the past: it begins by shifting all blocks.
  void set_start(Layer& layer) {
    const Index units = layer.block / batch_;
    S* const start = layer.start.data();
    for (Index k = 0; k * units < layer.start.size(); ++k) {
      const bool is_output = (k + 1) * layer.block < layer.outputs.size();
      S* const to = is_output ? layer.outputs.data() + k * layer.block : layer.memory.data();
      for (Index b = 0; b < batch_; ++b) std::copy_n(start + k * units, units, to + b * units);
    }
  }
  S* output(std::size_t layer, int delay) {
    return layers_[layer].outputs.data() + delay * layers_[layer].block;
  }
  S* memory(std::size_t layer, int delay) {
    Layer& own = layers_[layer];
    return own.memory.size() == 0 ? nullptr : own.memory.data() + delay * own.block;
  }

  /// Shifts the blocks by one step.
  void shift() {
    for (Layer& layer : layers_) {
      for (auto* blocks : {&layer.outputs, &layer.memory}) {
        S* const begin = blocks->data();
        if (blocks->size() > layer.block) {
          std::copy_backward(begin, begin + blocks->size() - layer.block, begin + blocks->size());
        }
      }
    }
  }

  Index batch_;
  std::vector<Layer> layers_;
  detail::Array<S> net_, scratch_;
};

BACKFOLD_END_NAMESPACE
