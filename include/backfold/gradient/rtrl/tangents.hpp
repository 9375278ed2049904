// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/rtrl/tangent_shape.hpp"
#include "backfold/network/pass.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Tangent of one output or memory of a layer: a matrix, followed by the layer's self-tangent.
template <class S>
struct Tangent {
  S* data;
  Index units, columns, self_columns;

  [[nodiscard]] MatrixView<S> matrix() const { return {data, units, columns}; }
  [[nodiscard]] MatrixView<S> self() const { return {data + units * columns, units, self_columns}; }
};

/// Tangents of a network's state with respect to all parameters: of each layer's output, now and as
/// many steps ago as delays need, and of its memory, now and one step ago. They are stored in ring
/// buffers, so a step moves no numbers.
template <class Net>
class Tangents {
 public:
  using S = typename Net::Scalar;
  using Arch = typename Net::ArchitectureType;
  using Graph = typename Net::Graph;
  template <int L>
  using Shape = TangentShape<Arch, L>;
  static constexpr int last_layer = last_remembered_layer<Graph>;

  explicit Tangents(const Arch& architecture) : architecture_(architecture) {
    Size size = 0;
    auto place = [&](Size numbers) {
      const Index start = size.value("Rtrl: the sensitivities");
      size += numbers;
      return start;
    };
    for_each_index<last_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      Place& at = places_[layer];
      const Size block = Shape<layer>::size(architecture);
      at.block = block.value("Rtrl: the sensitivities");
      at.output = place(block * kept_outputs(layer));
      at.memory = place(Graph::has_memory[layer] ? block * kept_memories : Size(0));
    });
    numbers_.resize(size.value("Rtrl: the sensitivities"));
    reset();
  }

  [[nodiscard]] Index size() const { return numbers_.size(); }

  /// Before the first step the past depends on the learnt start alone: the identity.
  void reset() {
    for (Index i = 0; i < numbers_.size(); ++i) numbers_[i] = S(0);
    step_ = {};
    memory_step_ = 0;
    if constexpr (Graph::learns_start) {
      for_each_index<last_layer>([&](auto l) {
        constexpr int layer = l() + 1, columns = Graph::start_columns(layer);
        for (int k = 0; k < columns; ++k) {
          set_identity<layer>(k,
                              k < Graph::history(layer) ? output<layer>(k + 1) : memory<layer>(1));
        }
      });
    }
  }

  /// Tangent of the output of layer L, `delay` steps ago.
  template <int L>
  Tangent<S> output(int delay) {
    return at<L>(numbers_.data() + output_start<L>(delay));
  }
  template <int L>
  [[nodiscard]] Tangent<const S> output(int delay) const {
    return at<L>(numbers_.data() + output_start<L>(delay));
  }

  /// Tangent of the memory of layer L.
  template <int L>
  Tangent<S> memory(int delay) {
    return at<L>(numbers_.data() + memory_start<L>(delay));
  }
  template <int L>
  [[nodiscard]] Tangent<const S> memory(int delay) const {
    return at<L>(numbers_.data() + memory_start<L>(delay));
  }

  /// Advances the ring buffers by one step.
  void shift() {
    for_each_index<last_layer>([&](auto l) {
      constexpr int kept = kept_outputs(l() + 1);
      step_[l() + 1] = (step_[l() + 1] + kept - 1) % kept;
    });
    memory_step_ = (memory_step_ + kept_memories - 1) % kept_memories;
  }

 private:
  static constexpr int kept_memories = 2;
  static constexpr int kept_outputs(int layer) { return Graph::history(layer) + 1; }

  /// Sets the tangent of a block of the past to the identity, in the columns of block k of the
  /// learnt start of layer L.
  template <int L>
  void set_identity(int k, const Tangent<S>& tangent) const {
    const Index first = architecture_.template start_offset<L>() + k * tangent.units;
    for (Index i = 0; i < tangent.units; ++i) {
      if constexpr (Shape<L>::has_self_tangent) {
        tangent.self()(i, (first - tangent.columns) / tangent.units) = S(1);
      } else {
        tangent.matrix()(i, first + i) = S(1);
      }
    }
  }

  /// Offsets of a layer's tangents in the buffer, and their sizes.
  struct Place {
    Index block, output, memory;
  };

  // Sizes come from the architecture, where static ones are constants, so that products are
  // unrolled.
  template <int L, class T>
  [[nodiscard]] Tangent<T> at(T* numbers) const {
    return {numbers, architecture_.template units<L>(), Shape<L>::columns(architecture_),
            Shape<L>::self_columns(architecture_)};
  }
  template <int L>
  [[nodiscard]] Index output_start(int delay) const {
    return places_[L].output + (step_[L] + delay) % kept_outputs(L) * places_[L].block;
  }
  template <int L>
  [[nodiscard]] Index memory_start(int delay) const {
    return places_[L].memory + (memory_step_ + delay) % kept_memories * places_[L].block;
  }

  Arch architecture_;
  std::array<Place, Graph::layer_count> places_{};
  std::array<int, Graph::layer_count> step_{};
  int memory_step_ = 0;
  Vector<S> numbers_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
