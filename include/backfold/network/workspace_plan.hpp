// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "backfold/core/product.hpp"
#include "backfold/core/size.hpp"
#include "backfold/network/architecture.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Purpose of a workspace.
enum class Purpose {
  Gradient,  ///< passes over any number of steps, forward and back
  Step,      ///< forward over one step at a time, remembering what delays need
};

namespace detail {

/// Offsets of the pieces of a layer in a workspace's buffer; a block is units × batch.
struct LayerPieces {
  Index past_output = 0;  ///< history blocks, before the first step
  Index output = 0;       ///< steps blocks; after the past ones unless it takes single steps
  Index delta = 0;        ///< history + steps blocks, the first ones before the first step
  Index net = 0;          ///< net_gates·steps blocks
  Index past_memory = 0;  ///< one block, before the first step (layers with a memory)
  Index memory = 0;       ///< steps blocks
  Index d_memory = 0;     ///< one block
  Index net_bias = 0;     ///< net_gates·units (layers that gather their bias)
  Index transposed = 0;   ///< the weights that carry the error from step to step, transposed once
};

/// Offsets of the pieces that all layers share, and the size of the buffer.
struct SharedPieces {
  Index remembered = 0;  ///< the first numbers, where single steps are taken: those of a State
  Index weights = 0;     ///< a weight for each sample and step, where targets are masked
  Index block = 0;       ///< one block of the largest layer, in need of the moment
  Index scratch = 0;     ///< of the products
  Index size = 0;
};

/// The properties of a layer that determine the sizes of its pieces.
struct LayerShape {
  Index units = 0;
  Index history = 0;
  Index net_gates = 0;
  bool gathers_bias = false;
  bool has_memory = false;
  Size transposed = 0;
  Index block_rows = 0;
  Index largest_fan_in = 0;
};

/// Lays out the pieces of `count` layers: one function for all networks.
/// @throws std::invalid_argument if they are more numbers than can be counted
template <Real S>
BACKFOLD_COLD constexpr SharedPieces lay_out(const LayerShape* shapes, int count, Purpose purpose,
                                             Index batch, Index steps, LayerPieces* pieces) {
  const bool gradient = purpose == Purpose::Gradient;
  auto counted = [&](Size size) {
    return size.value("workspace: a batch of ", batch, " and ", steps, " steps");
  };
  SharedPieces shared;
  auto take = [&](Size numbers, Index unit = 64 / sizeof(S)) {
    const Index start = shared.size;
    shared.size = counted(start + numbers.rounded_up(unit));
    return start;
  };
  // A step reads and replaces the past of all layers: one vector without gaps, before the rest.
  const bool step = purpose == Purpose::Step;
  for (int l = 0; step && l < count; ++l) {
    const Size block = Size(shapes[l].units) * batch;
    pieces[l].past_output = take(block * shapes[l].history, 1);
    if (shapes[l].has_memory) pieces[l].past_memory = take(block, 1);
  }
  shared.remembered = shared.size;
  shared.size = counted(Size(shared.size).rounded_up(64 / sizeof(S)));
  const Index columns = counted(Size(batch) * steps);
  Size largest_block = 0;
  Index scratch = 0;
  for (int l = 0; l < count; ++l) {
    const LayerShape& layer = shapes[l];
    LayerPieces& piece = pieces[l];
    const Size block = Size(layer.units) * batch;
    const Size blocks = block * (Size(layer.history) + steps);
    largest_block = (std::max)(largest_block, block);
    if (step) {
      piece.output = take(block);
    } else {
      piece.past_output = take(blocks);
      piece.output = piece.past_output + layer.history * layer.units * batch;
    }
    if (gradient) piece.delta = take(blocks);
    piece.net = take(Size(layer.net_gates) * block * steps);
    if (layer.has_memory && step) piece.memory = take(block);
    if (layer.has_memory && !step) {
      piece.past_memory = take(block * (Size(1) + steps));
      piece.memory = piece.past_memory + layer.units * batch;
    }
    if (layer.has_memory && gradient) piece.d_memory = take(block);
    if (layer.gathers_bias) piece.net_bias = take(Size(layer.net_gates) * layer.units);
    if (gradient) piece.transposed = take(layer.transposed);
    if (l > 0 && columns > 1) {
      scratch =
          (std::max)(scratch, product_scratch<S>(layer.block_rows, layer.largest_fan_in, columns));
    }
  }
  if (gradient) shared.weights = take(columns);
  shared.block = take(largest_block);
  shared.scratch = take(scratch);
  return shared;
}

template <int L, class Arch>
constexpr LayerShape shape_of(const Arch& architecture) {
  LayerShape shape;
  shape.units = architecture.template units<L>();
  shape.history = Arch::Graph::history(L);
  if constexpr (L > 0) {
    using Type = typename Arch::template LayerType<L>;
    constexpr int connections = Arch::template connection_count<L>;
    shape.net_gates = net_gates<Type>();
    shape.gathers_bias = has_net_bias<Type> && !bias_is_net_bias<Type>;
    shape.has_memory = has_memory<Type>();
    shape.block_rows = architecture.template block_rows<L>();
    for_each_index<connections>([&](auto c) {
      const Index fan_in = architecture.template fan_in<L, c()>();
      shape.largest_fan_in = (std::max)(shape.largest_fan_in, fan_in);
      if constexpr (Arch::template is_matrix_in_time<L, c()>()) {
        const Index stride = architecture.template transposed_stride<L, c()>();
        shape.transposed += Size(stride) * shape.block_rows;
      }
    });
  }
  return shape;
}

/// Offsets of all pieces of a workspace in its buffer, for a number of samples and steps.
template <int LayerCount>
struct WorkspacePlan : SharedPieces {
  std::array<LayerPieces, LayerCount> layers{};

  template <class Arch>
  static constexpr WorkspacePlan of(const Arch& architecture, Purpose purpose, Index batch,
                                    Index steps) {
    std::array<detail::LayerShape, LayerCount> shapes{};
    for_each_index<LayerCount>([&](auto l) { shapes[l()] = detail::shape_of<l()>(architecture); });
    WorkspacePlan plan;
    static_cast<SharedPieces&>(plan) = detail::lay_out<typename Arch::Scalar>(
        shapes.data(), LayerCount, purpose, batch, steps, plan.layers.data());
    return plan;
  }
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
