// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The hidden layers of a network as data: the symmetry of their units, and the incoming and
/// outgoing numbers of each unit in w. Not a template, so that it is compiled once for all
/// networks.
class HiddenUnits {
 public:
  template <Real S, class... Layers>
  explicit HiddenUnits(const Network<S, Layers...>& net)
      : layers_(layers(net)), blocks_(backfold::blocks(net)) {
    check_parameters(net);
    std::erase_if(blocks_, [](const Block& b) { return b.size() == 0; });
    for (const Block& b : blocks_) {
      // The output is an index, whose sign has a meaning.
      if (b.kind == Block::Kind::Weights && b.connection.weights == Weights::Lookup) {
        layers_[at(b.connection.source)].symmetry = UnitSymmetry::Fixed;
      }
    }
  }

  [[nodiscard]] const std::vector<LayerDescription>& descriptions() const { return layers_; }
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }

  [[nodiscard]] int layer_count() const { return static_cast<int>(layers_.size()); }
  [[nodiscard]] bool is_hidden(int layer) const { return 0 < layer && layer < layer_count() - 1; }
  [[nodiscard]] Index units(int layer) const { return description(layer).units; }
  [[nodiscard]] Index gates(const Block& block) const { return block.rows / units(block.layer); }

  /// True if units can be exchanged.
  [[nodiscard]] bool can_exchange(int layer) const {
    return is_hidden(layer) && (description(layer).symmetry == UnitSymmetry::Exchange ||
                                description(layer).symmetry == UnitSymmetry::ExchangeAndNegate);
  }
  /// True if the output of a unit can change its sign.
  [[nodiscard]] bool can_negate(int layer) const {
    return is_hidden(layer) && description(layer).symmetry == UnitSymmetry::ExchangeAndNegate;
  }

  /// @throws std::invalid_argument unless the layer is hidden, and it and its consumers declare the
  /// symmetry of their units
  void check_layer(int layer) const {
    if (!is_hidden(layer)) {
      fail_argument("symmetry: layer ", layer, " is not hidden: the network has ", layer_count(),
                    " layers, of which the first and the last have no symmetries");
    }
    if (description(layer).symmetry == UnitSymmetry::Undeclared) {
      fail_argument("symmetry: ", name(layer),
                    " does not declare its unit_symmetry (see activation/unit_symmetry.hpp)");
    }
    if (description(layer).symmetry == UnitSymmetry::Fixed) return;
    for (const LayerDescription& target : layers_) {
      for (const Connection& c : target.connections) check_connection(layer, target.layer, c);
    }
  }

  /// All hidden layers.
  void check_layers() const {
    for (int layer = 1; layer < layer_count() - 1; ++layer) check_layer(layer);
  }

  void check_can_exchange(int layer) const {
    check_layer(layer);
    if (!can_exchange(layer)) {
      fail_argument("symmetry: the units of ", name(layer), " are Fixed");
    }
  }
  void check_can_negate(int layer) const {
    check_can_exchange(layer);
    if (!can_negate(layer)) {
      fail_argument("symmetry: a unit of ", name(layer),
                    " cannot change its sign: that takes an activation with is_odd, as Tanh or "
                    "Linear");
    }
  }
  void check_unit(int layer, Index unit) const {
    if (unit < 0 || unit >= units(layer)) {
      fail_argument("symmetry: layer ", layer, " has ", units(layer), " units, got unit ", unit);
    }
  }

  /// Negates the incoming weights, bias and outgoing weights of a unit. A weight from the unit to
  /// itself is negated twice.
  template <class S>
  void negate(int layer, Index unit, S* w) const {
    for (const Block& b : blocks_) {
      S* const numbers = w + b.offset;
      if (b.layer == layer) {
        for (Index i = unit; i < b.size(); i += units(layer)) numbers[i] = -numbers[i];
      }
      if (!leads_from(b, layer)) continue;
      if (is_one_to_one(b.connection)) {
        for (Index i = unit; i < b.size(); i += units(layer)) numbers[i] = -numbers[i];
      } else {
        for (Index row = 0; row < b.rows; ++row) {
          S& number = numbers[unit * b.rows + row];
          number = -number;
        }
      }
    }
  }

  /// Moves unit order[i] to place i: its rows in each gate of the incoming blocks, its columns in
  /// the outgoing ones.
  template <class S>
  void permute(int layer, const std::vector<Index>& order, S* w) const {
    const Index n = units(layer);
    for (const Block& b : blocks_) {
      S* const numbers = w + b.offset;
      if (b.layer == layer) {
        const std::vector<S> old(numbers, numbers + b.size());
        for (Index i = 0; i < b.size(); ++i) {
          numbers[i] = old[at(i - i % n + order[at(i % n)])];  // runs of n rows: gates, columns
        }
      }
      if (leads_from(b, layer) && !is_one_to_one(b.connection)) {
        const std::vector<S> old(numbers, numbers + b.size());
        for (Index i = 0; i < b.size(); ++i) {
          numbers[i] = old[at(order[at(i / b.rows)] * b.rows + i % b.rows)];
        }
      }
    }
  }

  /// True if a connection is one-to-one.
  static bool is_one_to_one(const Connection& connection) { return connection.is_one_to_one(); }
  static bool leads_from(const Block& block, int layer) {
    return block.kind == Block::Kind::Weights && block.connection.source == layer;
  }
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

 private:
  [[nodiscard]] const LayerDescription& description(int layer) const {
    return layers_[static_cast<std::size_t>(layer)];
  }

  /// "layer 2 (Dense Relu)"
  [[nodiscard]] std::string name(int layer) const {
    const LayerDescription& d = description(layer);
    char text[256];
    const bool active = d.activation[0] != '\0';
    write_message(text, sizeof text,
                  {"layer ", layer, " (", d.type, active ? " " : "", d.activation, ")"});
    return text;
  }

  /// A one-to-one connection ties the order of the units of two layers together.
  void check_connection(int layer, int target, const Connection& c) const {
    if ((layer != target && layer != c.source) || (c.source == target && is_one_to_one(c))) return;
    bool joins_all = layer != c.source && !is_one_to_one(c);
    for (const Block& b : blocks_) {
      joins_all |= b.layer == target && leads_from(b, c.source) && b.connection.delay == c.delay &&
                   !is_one_to_one(c) && b.columns == units(c.source);
    }
    if (!joins_all) {
      fail_argument("symmetry: the units of ", name(layer),
                    " keep their places: a connection from layer ", c.source, " to layer ", target,
                    " joins unit i to unit i");
    }
  }

  std::vector<LayerDescription> layers_;
  std::vector<Block> blocks_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
