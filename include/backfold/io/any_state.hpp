// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "backfold/core/array.hpp"
#include "backfold/core/product.hpp"

BACKFOLD_BEGIN_NAMESPACE

template <Real S>
class AnyNetwork;

/// State of an AnyNetwork between steps, and its scratch: a value that the caller owns. It starts
/// at zero and fits the network that made it and a batch size.
template <Real S>
class AnyState {
 public:
  [[nodiscard]] Index batch() const { return batch_; }
  /// Resets the state to zero.
  void reset() {
    for (auto& layer : layers_) {
      std::fill_n(layer.outputs.data(), layer.outputs.size(), S(0));
      std::fill_n(layer.memory.data(), layer.memory.size(), S(0));
    }
  }

 private:
  friend class AnyNetwork<S>;

  struct Layer {
    Index block;               ///< units·batch
    detail::Array<S> outputs;  ///< blocks: this step, 1 step ago, ...
    detail::Array<S> memory;   ///< blocks: this step, 1 step ago; or nothing
  };

  explicit AnyState(Index batch) : batch_(batch) {}

  void add_layer(Index units, int history, bool has_memory) {
    const Index block = units * batch_;
    layers_.push_back({block, detail::Array<S>((1 + history) * block),
                       detail::Array<S>(has_memory ? 2 * block : 0)});
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
