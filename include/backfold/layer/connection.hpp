// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "backfold/core/types.hpp"
#include "backfold/layer/layer_name.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// The weights of a connection.
enum class Weights {
  Full,      ///< from every unit to every unit: net += W x
  Diagonal,  ///< from unit i to unit i: net_i += u_i x_i
  Identity,  ///< none: net += x; both layers have equally many units
  Lookup,    ///< net += column x of W: the source is one unit that holds an index
};

/// True for one-to-one connections, from unit i to unit i.
constexpr bool is_one_to_one(Weights weights) {
  return weights == Weights::Diagonal || weights == Weights::Identity;
}

/// One connection into a layer, as data: the source layer, the delay in time steps, and the kind of
/// its weights. Layers are counted from 0, the input.
struct Connection {
  static constexpr int previous = -1;  ///< source: the layer before
  static constexpr int itself = -2;    ///< source: the layer the connection leads to
  /// source: a layer by its name, which Mlp and Rnn replace by its index
  static constexpr int named = -1000000;
  /// source: the layer `places` before the one that the connection leads to
  static constexpr int back(int places) { return itself - places; }

  int source = previous;
  int delay = 0;
  Weights weights = Weights::Full;
  Index entries = 0;  ///< columns of W, for Lookup

  constexpr Connection() = default;
  constexpr Connection(int from, int steps, Weights kind, Index columns = 0)
      : source(from), delay(steps), weights(kind), entries(columns) {}
  constexpr Connection(int from, int steps, bool diagonal = false)
      : Connection(from, steps, diagonal ? Weights::Diagonal : Weights::Full) {}

  /// The source's index, for a connection into layer `target`.
  [[nodiscard]] constexpr int source_of(int target) const {
    if (source == previous) return target - 1;
    return source > itself ? source : target - (itself - source);
  }
  [[nodiscard]] constexpr bool is_one_to_one() const { return backfold::is_one_to_one(weights); }
  /// Columns of the weights for a source of `units` units.
  [[nodiscard]] constexpr Index fan_in(Index source_units) const {
    switch (weights) {
      case Weights::Full:
        return source_units;
      case Weights::Diagonal:
        return 1;
      case Weights::Identity:
        return 0;
      case Weights::Lookup:
        return entries;
    }
    return 0;
  }
  friend constexpr bool operator==(const Connection&, const Connection&) = default;
};

namespace detail {

constexpr int source_of(const LayerSource& source) {
  return source.name.empty() ? source.index : Connection::named;
}

}  // namespace detail

/// A skip connection from the earlier layer `Layer`, without delay: From<0>, From<"encoder">.
template <LayerSource Layer>
struct From {
  static constexpr Connection connection{detail::source_of(Layer), 0};
};

/// A connection from the layer `Places` places before this one, `Delay` steps ago: net^t += W
/// x_(l−Places)^(t−Delay). Inserting layers further up the list does not change it.
template <int Places, int Delay = 0>
struct Back {
  static_assert(Places > 1 || (Places == 1 && Delay > 0),
                "backfold: Back<k> is for k > 1: the layer before is connected already");
  static constexpr Connection connection{Connection::back(Places), Delay};
};

/// A connection from a layer to itself over `Delay` steps, every unit to every unit:
/// net^t += U x^(t−Delay), U units × units. The outputs before the first step are 0, or a State's.
/// Source: J. L. Elman, Finding structure in time (1990).
template <int Delay = 1>
struct Recurrent {
  static constexpr Connection connection{Connection::itself, Delay};
};

/// A connection from each unit of a layer to itself over `Delay` steps, one weight a unit:
/// net_j^t += u_j x_j^(t−Delay).
template <int Delay = 1>
struct SelfRecurrent {
  static constexpr Connection connection{Connection::itself, Delay, Weights::Diagonal};
};

/// A connection from any layer l over `Delay` steps: net^t += U x_l^(t−Delay), U units × units of
/// l. From a later layer it is a back-connection, from an earlier one a tap on its past. Source: M.
/// I. Jordan, Serial order (1986).
template <LayerSource Layer, int Delay = 1>
struct Delayed {
  static constexpr Connection connection{detail::source_of(Layer), Delay};
};

/// Routes a cell's own recurrent connection through layer l, which has equally many units: net^t +=
/// U x_l^(t−1) in place of U h^(t−1). With a Dropout over the sequence as l, that is recurrent
/// dropout, one mask for all gates and steps (Gal & Ghahramani 2016). An option of Lstm and Gru.
///
///     Lstm<32, Through<2>>, Dropout<32, MaskOver::Sequence>{0.3}, Dense<1, Linear, After<1>>
template <LayerSource Layer>
struct Through {
  static constexpr Connection loop{detail::source_of(Layer), 1};
};

/// Puts a layer after the earlier layer l: its first connection, with weights, comes from there
/// instead of from the layer before.
template <LayerSource Layer>
struct After {
  static constexpr Connection chain{detail::source_of(Layer), 0};
};

/// Adds the outputs of layer `Layer`, `Delay` steps ago, without weights: net^t += x_l^(t−Delay).
template <LayerSource Layer, int Delay = 0>
struct Add {
  static constexpr Connection connection{detail::source_of(Layer), Delay, Weights::Identity};
};

/// Takes the outputs of the layer before without weights: net = x.
struct Direct {
  static constexpr Connection chain{Connection::previous, 0, Weights::Identity};
};

/// Selects a column of W by the index 0..Entries−1 in the single unit of the layer before.
template <Index Entries>
struct Lookup {
  static_assert(Entries > 0, "backfold: a Lookup needs at least one entry");
  static constexpr Connection chain{Connection::previous, 0, Weights::Lookup, Entries};
};

/// A layer without bias.
struct NoBias {};

/// Makes the state before the first step a learnt parameter: the layer's outputs that delays reach,
/// and its memory. All sequences of a batch begin with it, unless a State is given.
struct LearntStart {};

namespace detail {

template <class T>
concept AddsConnection = requires {
  { T::connection } -> std::convertible_to<Connection>;
};
template <class T>
concept SetsChain = requires {
  { T::chain } -> std::convertible_to<Connection>;
};
template <class T>
concept SetsLoop = requires {
  { T::loop } -> std::convertible_to<Connection>;
};
template <class T>
concept NamesLayer = requires {
  { T::label } -> std::convertible_to<LayerName>;
};

}  // namespace detail

/// An option of a layer: a further connection; the kind (Direct, Lookup) or the source (After) of
/// the first connection; the layer's Name; NoBias or LearntStart.
template <class T>
concept LayerOption = std::is_same_v<T, NoBias> || std::is_same_v<T, LearntStart> ||
    detail::AddsConnection<T> || detail::SetsChain<T> || detail::NamesLayer<T>;

namespace detail {

/// The connection from the layer before, then those among the options, in their order.
template <class... Options>
constexpr auto connections_of() {
  static_assert((0 + ... + int{SetsChain<Options>}) <= 1,
                "backfold: a layer takes one of Direct, Lookup<n> and After<l>");
  std::array<Connection, 1 + (0 + ... + int{AddsConnection<Options>})> result{};
  std::size_t next = 1;
  [[maybe_unused]] auto add = [&]<class Option>(std::type_identity<Option>) {
    if constexpr (AddsConnection<Option>) result[next++] = Option::connection;
    if constexpr (SetsChain<Option>) result[0] = Option::chain;
  };
  (add(std::type_identity<Options>{}), ...);
  return result;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
