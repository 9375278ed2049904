// SPDX-License-Identifier: MIT
#pragma once

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

/// One part or two: all that layers need.
struct PartList {
  Part parts[2];
  int count;

  constexpr int size() const { return count; }
  constexpr const Part& operator[](int i) const { return parts[i]; }
  constexpr const Part* begin() const { return parts; }
  constexpr const Part* end() const { return parts + count; }
};

/// What stands behind the input in a network: it lists the connections into it, the chain first.
///
/// A layer may declare `unit_symmetry` (activation/unit_symmetry.hpp): what can be done to its
/// units without changing the network's function.
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
/// A unit feels the others through the weights only. BPTT and RTRL are written on these functions
/// alone, so a cell of your own has both; check_cell runs our checks on it.
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

/// The parts of connection `c`.
template <class L>
constexpr PartList parts([[maybe_unused]] int c) {
  if constexpr (Cell<L>) {
    return L::parts(c);
  } else {
    return {{{0, 0, 1}}, 1};
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
