// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include "backfold/activation/unit_symmetry.hpp"
#include "backfold/network/network.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Setting of a layer or of its activation, by name: {"slope", 2}.
struct SettingValue {
  const char* name;
  double value;
  friend bool operator==(const SettingValue& a, const SettingValue& b) {
    return std::strcmp(a.name, b.name) == 0 && a.value == b.value;
  }
};

/// A block of w: the weights of one connection, or a layer's own parameters.
///
/// It is rows × columns numbers of w from `offset` on, column-major without gaps. The blocks of a
/// network are consecutive and fill w.
struct Block {
  enum class Kind { Weights, Bias, Own, Start };
  int layer;         ///< the layer it belongs to; the input is 0
  const char* type;  ///< of the layer: "Dense"
  Kind kind;  ///< weights of a connection, bias columns, other own parameters, or the learnt start
  Connection connection;  ///< of weights; the source is the index of a layer
  Index rows, columns;    ///< rows: units, or gates·units; columns: fan-in, 1 for diagonal weights
  Index offset;           ///< in w
  const char* label = "";  ///< the layer's Name, or ""
  [[nodiscard]] Index size() const { return rows * columns; }
};

/// A layer of a network as data.
struct LayerDescription {
  int layer;                           ///< its index; the input is 0
  const char* type;                    ///< "Input", "Dense", "Lstm", ...: the type's `name`
  const char* activation;              ///< "Tanh", ..., or "" if a layer has none
  std::vector<SettingValue> settings;  ///< of the activation, or of the layer if it has none
  Index units;
  std::vector<Connection> connections;  ///< into it, each source the index of a layer
  Index parameters;
  UnitSymmetry symmetry;   ///< of its units
  const char* label = "";  ///< its Name, or ""
  const char* form = "";   ///< "per step" or "per sequence" of a Dropout: the type's `form`, or ""
};

namespace detail {

inline bool is_type(const LayerDescription& layer, const char* type) {
  return std::strcmp(layer.type, type) == 0;
}

/// The `name` of a type in descriptions and files.
template <class T>
constexpr const char* name_of() {
  if constexpr (requires { T::name; }) {
    return T::name;
  } else {
    return "unnamed";
  }
}

/// The `form` of a type, or "".
template <class T>
constexpr const char* form_of() {
  if constexpr (requires {
                  { T::form } -> std::convertible_to<const char*>;
                }) {
    return T::form;
  } else {
    return "";
  }
}

template <class T>
std::vector<SettingValue> settings_of(const T& object) {
  std::vector<SettingValue> values;
  for_each_setting(object, [&](const char* name, const auto& value) {
    values.push_back({name, static_cast<double>(value)});
  });
  return values;
}

template <class L>
std::vector<Connection> connections_into([[maybe_unused]] int layer) {
  std::vector<Connection> list;
  if constexpr (requires { L::connections; }) {
    for (const Connection& c : L::connections) {
      list.push_back({c.source_of(layer), c.delay, c.weights, c.entries});
    }
  }
  return list;
}

template <class L>
constexpr UnitSymmetry symmetry_of() {
  if constexpr (requires { L::unit_symmetry; }) {
    return L::unit_symmetry;
  } else {
    return UnitSymmetry::Undeclared;
  }
}

/// The Name of a layer, as text with static lifetime.
template <class L>
constexpr const char* label_text() {
  if constexpr (requires { L::label; }) {
    return L::label.text;
  } else {
    return "";
  }
}

template <class L>
LayerDescription describe_layer(int index, const L& layer, Index parameters) {
  LayerDescription d{index,       name_of<L>(),     "",
                     {},          layer.units(),    connections_into<L>(index),
                     parameters,  symmetry_of<L>(), label_text<L>(),
                     form_of<L>()};
  if constexpr (requires { layer.activation(); }) {
    d.activation = name_of<typename L::ActivationType>();
    d.settings = settings_of(layer.activation());
  } else {
    d.settings = settings_of(layer);
  }
  return d;
}

}  // namespace detail

/// The layers of a network in order, as data at run time.
template <Real S, class... Layers>
[[nodiscard]] std::vector<LayerDescription> layers(const Network<S, Layers...>& net) {
  const auto& architecture = net.architecture();
  std::vector<LayerDescription> list;
  for_each_index<sizeof...(Layers)>([&](auto l) {
    const auto& layer = architecture.template layer<l()>();
    Index parameters = 0;
    if constexpr (l() > 0) {
      parameters =
          architecture.template block_offset<l() + 1>() - architecture.template block_offset<l()>();
    }
    list.push_back(detail::describe_layer(l(), layer, parameters));
  });
  return list;
}

/// The blocks of a network's w in order. Files, exports and fingerprints are loops over them. The
/// numbers of a block are net.parameters().segment(block.offset, block.size()).
template <Real S, class... Layers>
[[nodiscard]] std::vector<Block> blocks(const Network<S, Layers...>& net) {
  const auto& architecture = net.architecture();
  std::vector<Block> list;
  for_each_index<sizeof...(Layers) - 1>([&](auto before) {
    constexpr int l = before() + 1;
    using Type = typename Network<S, Layers...>::ArchitectureType::template LayerType<l>;
    Index rows = architecture.template block_rows<l>();
    Index offset = architecture.template block_offset<l>();
    auto add = [&](Block::Kind kind, const Connection& connection, Index columns) {
      list.push_back({l, detail::name_of<Type>(), kind, connection, rows, columns, offset,
                      detail::label_text<Type>()});
      offset += rows * columns;
    };
    const auto connections = detail::connections_into<Type>(l);
    for_each_index<static_cast<int>(Type::connections.size())>([&](auto c) {
      const Index columns = architecture.template fan_in<l, c()>();
      if (columns > 0) {
        add(Block::Kind::Weights, connections[static_cast<std::size_t>(c())], columns);
      }
    });
    if (Type::bias_columns > 0) add(Block::Kind::Bias, {}, Type::bias_columns);
    if (detail::own_columns<Type>() > 0) add(Block::Kind::Own, {}, detail::own_columns<Type>());
    constexpr int starts = Network<S, Layers...>::Graph::start_columns(l);
    rows = architecture.template units<l>();
    if (starts > 0) add(Block::Kind::Start, {}, starts);
  });
  return list;
}

namespace detail {

template <class Text = std::string>
Text describe_settings(const std::vector<SettingValue>& settings) {
  Text text;
  for (const SettingValue& s : settings) {
    char number[64];
    write_message(number, sizeof number, {s.value});
    text += (text.empty() ? "(" : ", ") + Text(s.name) + " = " + number;
  }
  return text.empty() ? text : text + ")";
}

template <class Text = std::string>
Text describe_connections(const LayerDescription& layer) {
  Text text;
  for (const Connection& c : layer.connections) {
    if (!text.empty()) text += ", ";
    text += c.source == layer.layer ? "itself" : std::to_string(c.source);
    if (c.delay > 0) text += " t-" + std::to_string(c.delay);
    if (c.weights == Weights::Diagonal) text += " diagonal";
    if (c.weights == Weights::Identity) text += " added";
    if (c.weights == Weights::Lookup) text += " lookup";
  }
  return text;
}

/// Table with a row for each layer.
/// @tparam Text a parameter, so that only programs that print a network compile its functions
template <class Text = std::string>
void print_layers(std::ostream& out, const std::vector<LayerDescription>& layers) {
  const std::vector<Text> heading{"layer", "type", "units", "from", "parameters"};
  std::vector<std::vector<Text>> rows{heading};
  Index total = 0;
  for (const LayerDescription& l : layers) {
    Text type = l.type;
    if (l.activation[0] != '\0') (type += ' ') += l.activation;
    if (l.form[0] != '\0') (type += ' ') += l.form;
    type += describe_settings<Text>(l.settings);
    if (l.label[0] != '\0') type += Text(" \"") + l.label + '"';
    rows.push_back({std::to_string(l.layer), type, std::to_string(l.units),
                    describe_connections<Text>(l), std::to_string(l.parameters)});
    total += l.parameters;
  }
  rows.push_back({"", "", "", "", std::to_string(total)});
  std::vector<std::size_t> widths(heading.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = (std::max)(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    Text line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool number = heading[i] != "type" && heading[i] != "from";
      const Text fill(widths[i] - row[i].size(), ' ');
      line += (number ? fill + row[i] : row[i] + fill) + "  ";
    }
    line.resize(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

}  // namespace detail

/// Writes a table of the layers: type, activation and its settings, units, sources and delays of
/// the connections, parameters.
template <Real S, class... Layers>
std::ostream& operator<<(std::ostream& out, const Network<S, Layers...>& net) {
  detail::print_layers(out, layers(net));
  return out;
}

BACKFOLD_END_NAMESPACE
