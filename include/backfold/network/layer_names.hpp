// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>

#include "backfold/layer/layer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// True if a connection of a layer names its source.
template <class L>
constexpr bool has_named_source() {
  if constexpr (requires { L::connections[0].source; }) {
    for (const Connection& c : L::connections) {
      if (c.source == Connection::named) return true;
    }
  }
  return false;
}

/// The names of the layers of a network.
template <class... Layers>
struct LayerNames {
  static constexpr std::array<LayerName, sizeof...(Layers)> names{label_of<Layers>()...};

  static constexpr bool are_distinct = [] {
    for (std::size_t a = 0; a < names.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        if (!names[a].empty() && names[a] == names[b]) return false;
      }
    }
    return true;
  }();

  /// Index of the layer with this name.
  template <LayerName Name>
  static constexpr int index = [] {
    int found = -1;
    for (std::size_t l = 0; l < names.size(); ++l) {
      if (names[l] == Name) found = static_cast<int>(l);
    }
    return found;
  }();
};

/// Index of a named layer, which must exist.
template <LayerName Name, class... Layers>
constexpr int index_of_name() {
  constexpr int index = LayerNames<Layers...>::template index<Name>;
  static_assert(index >= 0, "backfold: no layer of this network has this name");
  return index < 0 ? 1 : index;
}

/// Replaces the name of an option's source by its index; other options are unchanged.
template <class Option, class... Layers>
struct Numbered {
  using Type = Option;
};
template <LayerSource Source, class... Layers>
requires(!Source.name.empty()) struct Numbered<From<Source>, Layers...> {
  using Type = From<index_of_name<Source.name, Layers...>()>;
};
template <LayerSource Source, int Delay, class... Layers>
requires(!Source.name.empty()) struct Numbered<Delayed<Source, Delay>, Layers...> {
  using Type = Delayed<index_of_name<Source.name, Layers...>(), Delay>;
};
template <LayerSource Source, int Delay, class... Layers>
requires(!Source.name.empty()) struct Numbered<Add<Source, Delay>, Layers...> {
  using Type = Add<index_of_name<Source.name, Layers...>(), Delay>;
};
template <LayerSource Source, class... Layers>
requires(!Source.name.empty()) struct Numbered<Through<Source>, Layers...> {
  using Type = Through<index_of_name<Source.name, Layers...>()>;
};
template <LayerSource Source, class... Layers>
requires(!Source.name.empty()) struct Numbered<After<Source>, Layers...> {
  using Type = After<index_of_name<Source.name, Layers...>()>;
};

struct KeepOptions {
  template <class Option>
  using Type = Option;
};

/// A layer whose `WithOptions` gives the layer's own type. A derived layer that inherits it has
/// that of its base, which would take the layer's place in the network.
template <class L>
concept HasOwnOptions = std::same_as<typename L::template WithOptions<KeepOptions>, L>;

/// A layer type whose connections have their sources as indices.
template <class L, class... Layers>
struct NumberedLayer {
  using Type = L;
};
template <class L, class... Layers>
requires(has_named_source<L>()) struct NumberedLayer<L, Layers...> {
  static_assert(HasOwnOptions<L>,
                "backfold: a layer that names a source, and is derived from a layer of the "
                "library, must define a WithOptions of its own that gives its own type, or have "
                "the source as a number");
  struct Map {
    template <class Option>
    using Type = typename Numbered<Option, Layers...>::Type;
  };
  using Type = typename L::template WithOptions<Map>;
};

template <class... Layers>
inline constexpr bool uses_names = ((has_named_source<Layers>() || !label_of<Layers>().empty()) ||
                                    ...);

}  // namespace detail

BACKFOLD_END_NAMESPACE
