// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <tuple>

#include "backfold/activation/activation.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/packet.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/unroll.hpp"
#include "backfold/network/topology.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Offsets of the layers' blocks in w, given the units of all layers; the last entry is the length
/// of w.
template <class InputLayer, class... Layers>
constexpr auto block_offsets(const std::array<Index, 1 + sizeof...(Layers)>& units) {
  std::array<Index, 2 + sizeof...(Layers)> offsets{};
  int target = 0;
  auto add = [&]<class L>(std::type_identity<L>) {
    ++target;
    Size columns = Index{L::bias_columns + own_columns<L>()};
    for (const Connection& c : L::connections) {
      // A source that does not exist is reported by Topology.
      const auto source = static_cast<std::size_t>(c.source_of(target));
      columns += c.fan_in(source < units.size() ? units[source] : Index{0});
    }
    const auto t = static_cast<std::size_t>(target);
    columns = columns * Index{weight_gates<L>()};
    columns += Index{Topology<InputLayer, Layers...>::start_columns(target)};
    const Size end = offsets[t] + columns * units[t];
    if (!end.is_countable()) {
      fail_argument("network: layer ", target, " has more parameters than can be counted");
    }
    offsets[t + 1] = end.value();
  };
  (add(std::type_identity<Layers>{}), ...);
  return offsets;
}

}  // namespace detail

/// The layers of a network with their sizes and settings, and the offsets of their blocks in the
/// flat vector of parameters w. It has no parameters itself: y = f(w, x).
///
/// The block of a layer is a column-major matrix of block_rows (units; for cells gates·units) rows:
/// the weights of each connection, then the bias and the layer's own columns, then its learnt
/// start. The blocks are consecutive without gaps.
template <Real S, class... Layers>
class Architecture {
 public:
  using Scalar = S;
  using Graph = Topology<Layers...>;
  static constexpr int layer_count = Graph::layer_count;
  static constexpr int output_layer = layer_count - 1;

  template <int L>
  using LayerType = std::tuple_element_t<L, std::tuple<Layers...>>;

  /// The units of a layer, or Dynamic.
  template <int L>
  static constexpr Index units_at_compile_time = LayerType<L>::units_at_compile_time;

  /// True if all sizes are part of the type.
  static constexpr bool fixed = ((Layers::units_at_compile_time != Dynamic) && ...);
  static constexpr auto fixed_offsets = [] {
    if constexpr (fixed) {
      return detail::block_offsets<Layers...>({Layers::units_at_compile_time...});
    } else {
      return std::array<Index, layer_count + 1>{};
    }
  }();

  constexpr Architecture() requires fixed = default;
  constexpr explicit Architecture(const Layers&... layers) requires(sizeof...(Layers) > 1)
      : layers_(layers...) {
    // Again, since settings are public and may have changed after a layer's own constructor.
    (check_settings(layers), ...);
    if constexpr (!fixed) {
      check_links();
      offsets_ = detail::block_offsets<Layers...>({layers.units()...});
    }
  }

  template <int L>
  [[nodiscard]] constexpr const LayerType<L>& layer() const {
    return std::get<L>(layers_);
  }

  template <int L>
  [[nodiscard]] constexpr Index units() const {
    return layer<L>().units();
  }
  /// The units of all layers.
  [[nodiscard]] constexpr std::array<Index, layer_count> sizes() const {
    return (std::apply)(
        [](const auto&... layer) { return std::array<Index, layer_count>{layer.units()...}; },
        layers_);
  }
  [[nodiscard]] constexpr Index inputs() const { return units<0>(); }
  [[nodiscard]] constexpr Index outputs() const { return units<output_layer>(); }

  /// Rows of a layer's block of parameters.
  template <int L>
  [[nodiscard]] constexpr Index block_rows() const {
    return detail::weight_gates<LayerType<L>>() * units<L>();
  }
  template <int L>
  static constexpr Index fixed_block_rows =
      units_at_compile_time<L> == Dynamic
          ? Dynamic
          : detail::weight_gates<LayerType<L>>() * units_at_compile_time<L>;

  /// Columns of the weights of connection C of layer L: the units of its source if they are full.
  template <int L, int C>
  [[nodiscard]] constexpr Index fan_in() const {
    constexpr Connection c = LayerType<L>::connections[C];
    return c.fan_in(units<c.source_of(L)>());
  }

  /// Offset in w of the weights of connection C of layer L.
  template <int L, int C = 0>
  [[nodiscard]] constexpr Index weights_offset() const {
    Index columns = 0;
    for_each_index<C>([&](auto c) { columns += fan_in<L, c()>(); });
    return block_offset<L>() + columns * block_rows<L>();
  }

  /// True if connection C of layer L has a full matrix between layers that step through time
  /// together.
  template <int L, int C>
  static constexpr bool is_matrix_in_time() {
    constexpr Connection c = LayerType<L>::connections[C];
    constexpr detail::Segment segment = Graph::segment_of(L);
    return segment.in_time && segment.holds(c.source_of(L)) && c.weights == Weights::Full;
  }

  /// Stride between columns of the transposed weights of connection C.
  template <int L, int C>
  [[nodiscard]] constexpr Index transposed_stride() const {
    constexpr Index width = native_width<S>;
    return (fan_in<L, C>() + width - 1) / width * width;
  }

  /// Offset of the transposed weights of connection C in the piece of layer L.
  template <int L, int C>
  [[nodiscard]] constexpr Index transposed_offset() const {
    Index sum = 0;
    for_each_index<C>([&](auto c) {
      if constexpr (is_matrix_in_time<L, c()>()) {
        sum += transposed_stride<L, c()>() * block_rows<L>();
      }
    });
    return sum;
  }

  /// Offset in w of the bias of layer L.
  template <int L>
  [[nodiscard]] constexpr Index bias_offset() const {
    return weights_offset<L, connection_count<L>>();
  }

  /// Offset in w of layer L's own parameters other than its bias.
  template <int L>
  [[nodiscard]] constexpr Index own_offset() const {
    return bias_offset<L>() + block_rows<L>() * LayerType<L>::bias_columns;
  }

  /// The number of layer L's own parameters other than its bias.
  template <int L>
  [[nodiscard]] constexpr Index own_count() const {
    return start_offset<L>() - own_offset<L>();
  }

  /// Offset in w of the learnt start of layer L, units × start_columns.
  template <int L>
  [[nodiscard]] constexpr Index start_offset() const {
    return block_offset<L + 1>() - Graph::start_columns(L) * units<L>();
  }

  template <int L>
  static constexpr int connection_count = static_cast<int>(LayerType<L>::connections.size());

  /// Offset in w of the block of layer L.
  template <int L>
  [[nodiscard]] constexpr Index block_offset() const {
    if constexpr (fixed) {
      return fixed_offsets[L];
    } else {
      return offsets_[L];
    }
  }

  /// The length of w.
  [[nodiscard]] constexpr Index parameter_count() const { return block_offset<layer_count>(); }

  static constexpr Index fixed_parameter_count = fixed ? fixed_offsets[layer_count] : Dynamic;

 private:
  struct Nothing {};

  constexpr void check_links() const {
    const auto units = sizes();
    const detail::Link link = Graph::unfit_link(units);
    if (link.index < 0) return;
    const char* const what =
        link.weights == Weights::Diagonal   ? "a diagonal connection joins unit i to unit i"
        : link.weights == Weights::Identity ? "a connection without weights joins unit i to unit i"
                                            : "a Lookup reads an index from one unit";
    fail_argument("network: ", what, ", but leads from layer ", link.source, " with ",
                  units[static_cast<std::size_t>(link.source)], " units to layer ", link.target,
                  " with ", units[static_cast<std::size_t>(link.target)]);
  }

  std::tuple<Layers...> layers_;
  [[no_unique_address]] std::conditional_t<fixed, Nothing, std::array<Index, layer_count + 1>>
      offsets_{};
};

BACKFOLD_END_NAMESPACE
