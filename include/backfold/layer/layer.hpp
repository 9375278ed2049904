// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>

#include "backfold/layer/connection.hpp"
#include "backfold/layer/layer_step.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Gate mapping of a connection: the product of weight rows from `weight_gate` on is added to net
/// rows from `net_gate` on. A gate is a block of `units()` rows.
struct Part {
  int weight_gate;
  int net_gate;
  int gates;
};

/// The parts of a connection, up to eight, in any order; they may overlap.
struct PartList {
  static constexpr int capacity = 8;
  Part parts[capacity];
  int count;

  [[nodiscard]] constexpr int size() const { return count; }
  constexpr const Part& operator[](int i) const { return parts[i]; }
  [[nodiscard]] constexpr const Part* begin() const { return parts; }
  [[nodiscard]] constexpr const Part* end() const { return parts + count; }
};

namespace detail {

/// The layer applies an elementwise or column-wise φ, which products can fuse.
template <class T>
concept HasActivation = requires(const T layer) {
  typename T::ActivationType;
  layer.activation();
};

template <class T>
concept HasSteps = requires(const T layer, const LayerStep<double>& step) {
  layer.forward(step);
};
template <class T>
concept HasPullBack = requires(const T layer, const LayerPullBack<double>& back) {
  layer.pull_back(back);
};

/// Steps that take a list of arrays, as in a Cell.
template <class T>
concept HasArraySteps = requires(const T layer, double* p, const double* c, Index n) {
  layer.forward(p, c, c, p, p, n, n);
};
template <class T>
concept HasArrayPullBack = requires(const T layer, double* p, const double* c, Index n) {
  layer.pull_back(p, c, c, c, c, c, p, p, n, n);
};

}  // namespace detail

/// A layer of a network. It lists its incoming connections, starting with the one from the layer
/// before, and computes its outputs from their sum, the net input.
///
/// Required: `units()` and `units_at_compile_time`, `connections`, `bias_columns`, and either
/// `activation()`, an activation that products can fuse, or
///
///     forward(const LayerStep<S>&)        sets output (and memory) from net
///     pull_back(const LayerPullBack<S>&)  turns ∂E/∂output into ∂E/∂net (and the rest)
///
/// Samples must not affect each other. Optional, with their defaults:
///
///     net_gates = 1, weight_gates = 1     blocks of units() rows in net and in the parameters
///     parts(c) = {{0, 0, weight_gates}}   where connection c leads
///     has_memory = false                  remembers something besides its output
///     own_columns = 0                     further parameters of its own, after the bias columns;
///                                         initialise_own(own, units) sets their first values
///     initialise_bias(bias, units)        adds to the first values of the bias columns
///     learns_start = false                its outputs and memory before the first step are
///                                         parameters, after its own ones
///     units_are_independent = false       units interact only through the weights: saves
///                                         RTRL the Jacobians between them
///     gather_bias(bias, net_bias, units), scatter_bias(d_net_bias, d_bias, units)
///                                         between the bias columns and a bias for each row of net;
///                                         not needed for one column and net_gates = weight_gates
///     unit_symmetry = Undeclared          what can be done to its units without changing the
///                                         function of a network (activation/unit_symmetry.hpp)
///     gate_slopes(net, slopes, units, n)  sets, for the net rows of n columns, |φ'| of the gates'
///                                         functions in parts of their largest: for a Trace
///     name, settings                      for descriptions and files
///     form                                what tells apart types of one name, for them too
///     label = {}                          the LayerName by which connections and views know it
///     Resized<n>                          the type with n units, for networks of other sizes
///     WithOptions<Map>                    the type with Map::Type<O> for each option O, for
///                                         sources by name
///
/// Both types are the layer's own: a derived layer that inherits them converts to no other size and
/// has its sources as numbers.
///
/// BPTT and RTRL use these functions alone; check_layer runs the library's checks on a layer of
/// your own.
template <class T>
concept Layer = requires(const T layer) {
  { layer.units() } -> std::convertible_to<Index>;
  { T::units_at_compile_time } -> std::convertible_to<Index>;
  { T::connections[0] } -> std::convertible_to<Connection>;
  { T::bias_columns } -> std::convertible_to<int>;
}
&&(detail::HasActivation<T> || detail::HasSteps<T> || detail::HasArraySteps<T>);

/// Layer whose steps take arrays instead of a LayerStep: forward(net, output_before, memory_before,
/// output, memory, units, n) and pull_back(net, output_before, memory_before, output, memory,
/// d_output, d_memory, d_output_before, units, n), documented at LayerStep and LayerPullBack.
template <class T>
concept Cell = Layer<T> && detail::HasArraySteps<T> && requires {
  { T::net_gates } -> std::convertible_to<int>;
  { T::weight_gates } -> std::convertible_to<int>;
  { T::has_memory } -> std::convertible_to<bool>;
  { T::parts(0) } -> std::convertible_to<PartList>;
};

namespace detail {

/// True if products fuse the layer's φ; otherwise the layer's own steps run.
template <class L>
inline constexpr bool fuses_activation = HasActivation<L>;

/// Blocks of rows in the parameters (weight_gates) and in the net input (net_gates).
template <class L>
constexpr int weight_gates() {
  if constexpr (requires { L::weight_gates; }) {
    return L::weight_gates;
  } else {
    return 1;
  }
}

template <class L>
constexpr int net_gates() {
  if constexpr (requires { L::net_gates; }) {
    return L::net_gates;
  } else {
    return 1;
  }
}

template <class L>
constexpr bool has_memory() {
  if constexpr (requires { L::has_memory; }) {
    return L::has_memory;
  } else {
    return false;
  }
}

/// Columns of the parameters that are the layer's own, besides its bias.
template <class L>
constexpr int own_columns() {
  if constexpr (requires { L::own_columns; }) {
    return L::own_columns;
  } else {
    return 0;
  }
}

/// True if a layer learns its state before the first step.
template <class L>
inline constexpr bool learns_start = [] {
  if constexpr (requires { L::learns_start; }) {
    return bool{L::learns_start};
  } else {
    return false;
  }
}();

/// A layer that has both an activation and steps, which would never run. One derived from Dense
/// that defines forward() is such a layer.
template <class L>
concept HasUnusedSteps = HasActivation<L> &&(HasSteps<L> || HasArraySteps<L>);

/// True if a layer declares that its units interact only through the weights.
template <class L>
inline constexpr bool units_are_independent = [] {
  if constexpr (requires { L::units_are_independent; }) {
    return bool{L::units_are_independent};
  } else {
    return false;
  }
}();

/// True if a layer itself computes the bias of each row of net. A layer without bias columns may
/// supply any.
template <class L>
concept GathersBias = requires(const L layer, const double* bias, double* net_bias, Index units) {
  layer.gather_bias(bias, net_bias, units);
};

/// True if the net input of a layer starts from a bias, not from 0.
template <class L>
inline constexpr bool has_net_bias = L::bias_columns > 0 || GathersBias<L>;

/// A layer that fuses no activation but knows the slopes of its gates.
template <class L, class S>
concept HasGateSlopes = requires(const L layer, const S* net, S* slopes, Index units) {
  layer.gate_slopes(net, slopes, units, units);
};

/// True if the bias column is the bias of the net input, without gathering.
template <class L>
inline constexpr bool bias_is_net_bias =
    !GathersBias<L> && L::bias_columns == 1 && net_gates<L>() == weight_gates<L>();

/// The parts of a connection, in the form that the passes use.
template <int Capacity>
struct Parts {
  std::array<Part, Capacity> parts{};
  int count = 0;

  constexpr void add(const Part& part) { parts[static_cast<std::size_t>(count++)] = part; }
  [[nodiscard]] constexpr int size() const { return count; }
  constexpr const Part& operator[](int i) const { return parts[static_cast<std::size_t>(i)]; }
  [[nodiscard]] constexpr const Part* begin() const { return parts.data(); }
  [[nodiscard]] constexpr const Part* end() const { return parts.data() + count; }
};

/// The parts of connection `c` as the layer lists them.
template <class L>
constexpr PartList listed_parts([[maybe_unused]] int c) {
  if constexpr (requires { L::parts(0); }) {
    return L::parts(c);
  } else {
    return {{{0, 0, weight_gates<L>()}}, 1};
  }
}

/// True if the shape of a layer is consistent: the parts of its connections are within its gates,
/// and its bias columns are mapped to rows of net.
template <class L>
constexpr bool parts_fit() {
  for (int c = 0; c < static_cast<int>(L::connections.size()); ++c) {
    const PartList list = listed_parts<L>(c);
    if (list.count < 1 || list.count > PartList::capacity) return false;
    for (const Part& part : list) {
      if (part.gates < 1 || part.weight_gate < 0 || part.net_gate < 0) return false;
      if (part.weight_gate + part.gates > weight_gates<L>()) return false;
      if (part.net_gate + part.gates > net_gates<L>()) return false;
    }
  }
  return true;
}

/// The parts of connection `c`. A one-to-one connection is split into a part for each gate, since
/// its source has the rows of one gate.
template <class L>
constexpr auto parts(int c) {
  constexpr int capacity = [] {
    if constexpr (requires { L::parts(0); }) {
      return PartList::capacity * (std::max)(net_gates<L>(), 1);
    } else {
      return weight_gates<L>();
    }
  }();
  Parts<capacity> result;
  const bool one_to_one = L::connections[static_cast<std::size_t>(c)].is_one_to_one();
  for (const Part& part : listed_parts<L>(c)) {
    const int pieces = one_to_one ? part.gates : 1;
    for (int k = 0; k < pieces; ++k) {
      result.add({part.weight_gate + k, part.net_gate + k, part.gates / pieces});
    }
  }
  return result;
}

/// Runs the forward step of a layer that fuses no activation, in either form.
template <class L, Real S>
BACKFOLD_ALWAYS_INLINE void run_forward(const L& layer, const LayerStep<S>& at) {
  if constexpr (HasSteps<L>) {
    layer.forward(at);
  } else {
    layer.forward(at.net, at.output_before, at.memory_before, at.output, at.memory, at.units, at.n);
  }
}

template <class L, Real S>
BACKFOLD_ALWAYS_INLINE void run_pull_back(const L& layer, const LayerPullBack<S>& at) {
  if constexpr (HasPullBack<L>) {
    layer.pull_back(at);
  } else {
    static_assert(HasArrayPullBack<L>,
                  "backfold: this layer runs forward only: gradients need its pull_back(const "
                  "LayerPullBack<S>&)");
    layer.pull_back(at.net, at.output_before, at.memory_before, at.output, at.memory, at.d_output,
                    at.d_memory, at.d_output_before, at.units, at.n);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
