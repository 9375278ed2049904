// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// One connection into a layer, as data: the source layer, the delay in time steps, and whether it
/// joins unit i to unit i only. Layers are counted from 0, the input.
struct Connection {
  static constexpr int previous = -1;  ///< source: the layer before
  static constexpr int itself = -2;    ///< source: the layer the connection leads to

  int source = previous;
  int delay = 0;
  bool diagonal = false;

  /// The source's index, for a connection into layer `target`.
  constexpr int source_of(int target) const {
    return source == previous ? target - 1 : source == itself ? target : source;
  }
};

/// A skip connection from the earlier layer `Layer`, without delay.
template <int Layer>
struct From {
  static constexpr Connection connection{Layer, 0, false};
};

/// A connection from a layer to itself over `Delay` steps, every unit to every unit:
/// net^t += U x^(t−Delay), U units × units. The outputs before the first step are 0, or a State's.
/// Source: J. L. Elman, Finding structure in time (1990).
template <int Delay = 1>
struct Recurrent {
  static constexpr Connection connection{Connection::itself, Delay, false};
};

/// A connection from each unit of a layer to itself over `Delay` steps, one weight a unit:
/// net_j^t += u_j x_j^(t−Delay).
template <int Delay = 1>
struct SelfRecurrent {
  static constexpr Connection connection{Connection::itself, Delay, true};
};

/// A connection from any layer l over `Delay` steps: net^t += U x_l^(t−Delay), U units × units of
/// l. From a later layer it is a back-connection, from an earlier one a tap on its past. Source: M.
/// I. Jordan, Serial order (1986).
template <int Layer, int Delay = 1>
struct Delayed {
  static constexpr Connection connection{Layer, Delay, false};
};

/// A layer without bias.
struct NoBias {};

/// What may stand behind the activation of a layer: a connection, or NoBias.
template <class T>
concept LayerOption = std::is_same_v<T, NoBias> || requires {
  { T::connection } -> std::convertible_to<Connection>;
};

namespace detail {

template <class Option>
inline constexpr int connections_in = std::is_same_v<Option, NoBias> ? 0 : 1;

/// The chain, then the connections among the options, in their order.
template <class... Options>
constexpr auto connections_of() {
  std::array<Connection, 1 + (0 + ... + connections_in<Options>)> result{};
  std::size_t next = 1;
  [[maybe_unused]] auto add = [&]<class Option>(std::type_identity<Option>) {
    if constexpr (connections_in<Option> != 0) result[next++] = Option::connection;
  };
  (add(std::type_identity<Options>{}), ...);
  return result;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
