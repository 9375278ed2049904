// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "backfold/core/product.hpp"
#include "backfold/core/size.hpp"
#include "backfold/network/architecture.hpp"
#include "backfold/network/layer_net.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The properties of a layer that determine the sizes of its pieces, and when they are in use. Time
/// is counted in segments; 0 is before the first one.
struct LayerShape {
  Index units = 0;
  Index history = 0;
  Index net_gates = 0;
  bool keeps_net = false;
  bool gathers_bias = false;
  bool has_memory = false;
  Size transposed = 0;
  Index block_rows = 0;
  Index largest_fan_in = 0;
  Index since_reset = 0;  ///< rows that a product over all steps reads with a delay
  Size hidden = 0;        ///< numbers of a sequence that resets may hide from a step
  int segment = 0;        ///< the one that it runs in
  int last_use = 0;       ///< the last one that reads its output

  /// Numbers of its past in the state of a sequence: outputs as far back as delays reach, memory.
  [[nodiscard]] constexpr Size past() const { return Size(units) * (history + Index{has_memory}); }
};

/// Position of a layer's segment in the schedule, from 1 on; 0 for the input.
template <class Graph>
constexpr int segment_number(int layer) {
  for (int s = 0; s < Graph::segment_count; ++s) {
    if (Graph::schedule[static_cast<std::size_t>(s)].holds(layer)) return s + 1;
  }
  return 0;
}

/// Position of the last segment that reads the output of a layer; for the output layer, after all
/// segments, since the caller reads it.
template <class Graph>
constexpr int last_use(int layer) {
  if (layer == Graph::layer_count - 1) return Graph::segment_count + 1;
  int last = segment_number<Graph>(layer);
  for (const Link& link : Graph::links) {
    if (link.source == layer) last = (std::max)(last, segment_number<Graph>(link.target));
  }
  return last;
}

template <int L, class Arch>
constexpr LayerShape shape_of(const Arch& architecture) {
  using Graph = typename Arch::Graph;
  LayerShape shape;
  shape.units = architecture.template units<L>();
  shape.history = Graph::history(L);
  constexpr int number = segment_number<Graph>(L), last = last_use<Graph>(L);
  shape.segment = number;
  shape.last_use = last;
  if constexpr (L > 0) {
    using Type = typename Arch::template LayerType<L>;
    constexpr int connections = Arch::template connection_count<L>;
    shape.net_gates = net_gates<Type>();
    shape.keeps_net = keeps_net<Type, L == Arch::output_layer>();
    shape.gathers_bias = has_net_bias<Type> && !bias_is_net_bias<Type>;
    shape.has_memory = has_memory<Type>();
    shape.block_rows = architecture.template block_rows<L>();
    constexpr Segment segment = Graph::segment_of(L);
    Index longest = 0;  // delay from a layer of the segment
    for_each_index<connections>([&](auto c) {
      constexpr Connection connection = Type::connections[c()];
      constexpr int source = connection.source_of(L);
      if constexpr (connection.delay > 0) {
        const bool in_time = segment.holds(source);
        if (in_time) longest = (std::max)(longest, Index{connection.delay});
        shape.since_reset =
            (std::max)(shape.since_reset, (std::max)(architecture.template units<source>(),
                                                     in_time ? 0 : shape.net_gates * shape.units));
      }
      const Index fan_in = architecture.template fan_in<L, c()>();
      shape.largest_fan_in = (std::max)(shape.largest_fan_in, fan_in);
      if constexpr (Arch::template is_matrix_in_time<L, c()>()) {
        const Index stride = architecture.template transposed_stride<L, c()>();
        shape.transposed += Size(stride) * shape.block_rows;
      }
    });
    // Forward its past, on the way back its deltas of later steps.
    shape.hidden = (std::max)(shape.past(), Size(shape.net_gates) * shape.units * longest);
  }
  return shape;
}

template <class Arch>
constexpr auto shapes_of(const Arch& architecture) {
  std::array<LayerShape, Arch::layer_count> shapes{};
  for_each_index<Arch::layer_count>([&](auto l) { shapes[l()] = shape_of<l()>(architecture); });
  return shapes;
}
template <class Arch>
inline constexpr auto fixed_shapes = shapes_of(Arch{});

/// The shapes of all layers: a constant if all sizes are static, so that no code computes them.
template <class Arch>
constexpr decltype(auto) layer_shapes([[maybe_unused]] const Arch& architecture) {
  if constexpr (Arch::fixed) {
    return (fixed_shapes<Arch>);
  } else {
    return shapes_of(architecture);
  }
}

/// Number of values of the state of one sequence.
/// @throws std::invalid_argument if it overflows
template <class Arch>
Index remembered_of(const Arch& architecture) {
  Size count = 0;
  for (const LayerShape& shape : layer_shapes(architecture)) count += shape.past();
  return count.value("state");
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
