// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>

#include "backfold/core/types.hpp"
#include "backfold/layer/connection.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Where the product of a connection's weights adds to the net input, counted in gates (blocks of
/// `units()` rows): weight rows from `weight_gate` on lead to net rows from `net_gate` on.
struct Part {
  int weight_gate;
  int net_gate;
  int gates;
};

/// The parts of a connection, up to eight of them, in any order; they may overlap.
struct PartList {
  static constexpr int capacity = 8;
  Part parts[capacity];
  int count;

  constexpr int size() const { return count; }
  constexpr const Part& operator[](int i) const { return parts[i]; }
  constexpr const Part* begin() const { return parts; }
  constexpr const Part* end() const { return parts + count; }
};

/// What stands behind the input in a network: it lists the connections into it, the chain first.
template <class T>
concept Layer = requires(const T layer) {
  { layer.units() } -> std::convertible_to<Index>;
  { T::units_at_compile_time } -> std::convertible_to<Index>;
  { T::connections[0] } -> std::convertible_to<Connection>;
  { T::bias_columns } -> std::convertible_to<int>;
};

/// A layer with gates and perhaps a memory beside its output (LSTM, GRU), one cell a unit.
///
/// For `n` samples of one step, all arrays column-major and contiguous, net with net_gates·units
/// rows, the others with units rows:
///
///     forward(net, previous, memory_previous, output, memory, units, n)
///         net becomes what the pull-back needs; output and memory are set
///     pull_back(net, previous, memory_previous, output, memory, d_output, d_memory, d_previous,
///               units, n)
///         net becomes ∂E/∂net, d_memory (∂E/∂memory^t) becomes ∂E/∂memory^(t−1), and what E
///         feels of the output of the step before, other than through net, is added to d_previous
///     gather_bias(bias, net_bias, units), scatter_bias(d_net_bias, d_bias, units)
///         between the bias columns of the parameters and one bias for each row of net
///
/// A sample feels no other. previous and d_previous are null unless a connection leads from the
/// cell to itself, the memories unless has_memory: what a cell remembers without a connection is
/// its memory. BPTT and RTRL are written on these functions alone, so a cell of your own has both;
/// check_cell runs our checks on it.
///
/// Where each unit feels the others through the weights only, as in LSTM and GRU,
/// `static constexpr bool units_are_independent = true` saves RTRL the Jacobians between them.
template <class T>
concept Cell = Layer<T> && requires {
  { T::net_gates } -> std::convertible_to<int>;
  { T::weight_gates } -> std::convertible_to<int>;
  { T::has_memory } -> std::convertible_to<bool>;
  { T::parts(0) } -> std::convertible_to<PartList>;
};

namespace detail {

/// Blocks of rows in the parameters (weight_gates) and in the net input (net_gates).
template <class L>
constexpr int weight_gates() {
  if constexpr (Cell<L>) {
    return L::weight_gates;
  } else {
    return 1;
  }
}

template <class L>
constexpr int net_gates() {
  if constexpr (Cell<L>) {
    return L::net_gates;
  } else {
    return 1;
  }
}

template <class L>
constexpr bool has_memory() {
  if constexpr (Cell<L>) {
    return L::has_memory;
  } else {
    return false;
  }
}

/// Whether a cell says that its units feel each other through the weights only.
template <class C>
inline constexpr bool units_are_independent = [] {
  if constexpr (requires { C::units_are_independent; }) {
    return bool{C::units_are_independent};
  } else {
    return false;
  }
}();

/// The parts of a connection, as the passes take them.
template <int Capacity>
struct Parts {
  std::array<Part, Capacity> parts{};
  int count = 0;

  constexpr void add(const Part& part) { parts[static_cast<std::size_t>(count++)] = part; }
  constexpr int size() const { return count; }
  constexpr const Part& operator[](int i) const { return parts[static_cast<std::size_t>(i)]; }
  constexpr const Part* begin() const { return parts.data(); }
  constexpr const Part* end() const { return parts.data() + count; }
};

/// Whether the parts of all connections lie within the gates of a layer.
template <class L>
constexpr bool parts_fit() {
  if constexpr (Cell<L>) {
    for (int c = 0; c < static_cast<int>(L::connections.size()); ++c) {
      const PartList list = L::parts(c);
      if (list.count < 1 || list.count > PartList::capacity) return false;
      for (const Part& part : list) {
        if (part.gates < 1 || part.weight_gate < 0 || part.net_gate < 0) return false;
        if (part.weight_gate + part.gates > L::weight_gates) return false;
        if (part.net_gate + part.gates > L::net_gates) return false;
      }
    }
  }
  return true;
}

/// The parts of connection `c`. A diagonal connection has a part for each gate, since its source
/// has the rows of one gate.
template <class L>
constexpr auto parts(int c) {
  if constexpr (Cell<L>) {
    Parts<PartList::capacity*(std::max)(int{L::net_gates}, 1)> result;
    const bool diagonal = L::connections[static_cast<std::size_t>(c)].diagonal;
    for (const Part& part : L::parts(c)) {
      const int pieces = diagonal ? part.gates : 1;
      for (int k = 0; k < pieces; ++k) {
        result.add({part.weight_gate + k, part.net_gate + k, part.gates / pieces});
      }
    }
    return result;
  } else {
    return Parts<1>{{{{0, 0, 1}}}, 1};
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
