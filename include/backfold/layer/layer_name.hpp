// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "backfold/core/config.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A name of a layer, as a template argument: Name<"encoder">, net.weights<"encoder">().
struct LayerName {
  static constexpr std::size_t capacity = 32;
  char text[capacity] = {};

  constexpr LayerName() = default;
  template <std::size_t Length>
  constexpr LayerName(const char (&name)[Length]) {  // NOLINT: a literal is a name
    static_assert(Length > 1, "backfold: a layer's name has at least one character");
    static_assert(Length <= capacity, "backfold: a layer's name has at most 31 characters");
    std::copy(name, name + Length, text);
  }
  [[nodiscard]] constexpr bool empty() const { return text[0] == '\0'; }
  friend constexpr bool operator==(const LayerName&, const LayerName&) = default;
};

/// The layer that a connection comes from, by its index or its name: From<0>, From<"encoder">.
struct LayerSource {
  int index = -1;
  LayerName name{};

  constexpr LayerSource(int layer) : index{layer} {}  // NOLINT: an index is a source
  template <std::size_t Length>
  constexpr LayerSource(const char (&layer)[Length]) : name(layer) {}  // NOLINT: so is a name
};

/// An option of a layer: its name, for connections and for the views of its parameters. Names are
/// unique in a network.
template <LayerName Text>
struct Name {
  static constexpr LayerName label = Text;
};

namespace detail {

/// The name among a layer's options, or none.
template <class... Options>
constexpr LayerName label_among() {
  LayerName label;
  [[maybe_unused]] auto find = [&]<class Option>() {
    if constexpr (requires { Option::label; }) label = Option::label;
  };
  (find.template operator()<Options>(), ...);
  return label;
}

/// The name of a layer, or none.
template <class L>
constexpr LayerName label_of() {
  if constexpr (requires { L::label; }) {
    return L::label;
  } else {
    return {};
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
