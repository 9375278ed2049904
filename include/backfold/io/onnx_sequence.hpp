// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/io/onnx_connections.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Nodes of a recurrent layer over all steps: the operator RNN, LSTM or GRU. Values are steps ×
/// batch × units; a state is batch × units.
///
/// An operator has one input X and the matrices W (of X) and R (of its outputs before), with a row
/// for each unit of each gate. Several connections become one by joining their sources and
/// matrices. Before each matrix the operators have an axis of directions, which has the size 1
/// here.
class OnnxSequence {
 public:
  OnnxSequence(OnnxGraph& graph, const OnnxNetwork& net, OnnxConnections& connections)
      : graph_(graph), net_(net), connections_(connections) {}

  /// @pre check_onnx_sequence has accepted the network
  OnnxValues add(const LayerDescription& layer) {
    if (is_type(layer, "Lstm")) {
      return add_operator({layer, "LSTM", {0, 3, 1, 2}});  // i, o, f, c of our i, f, g, o
    }
    if (is_type(layer, "Gru")) {
      // z, r, h of our r, z, n. The reset gate acts after the product with R.
      return add_operator({layer, "GRU", {1, 0, 2}},
                          {OnnxGraph::integer("linear_before_reset", 1)});
    }
    // The slope of φ(a·net) becomes a factor of the weights and biases.
    const double slope = layer.settings.empty() ? 1 : layer.settings.front().value;
    return add_operator({layer, "RNN", {0}, slope},
                        {OnnxGraph::texts("activations", layer.activation)});
  }

 private:
  struct Operator {
    const LayerDescription& layer;
    const char* name;
    std::vector<Index> gates;  ///< the index in our order of each gate in the operator's
    double factor = 1;         ///< of all numbers

    [[nodiscard]] Index rows() const { return static_cast<Index>(gates.size()) * layer.units; }
    /// Our row for each of the operator's.
    [[nodiscard]] Index our_row(Index row) const {
      return gates[static_cast<std::size_t>(row / layer.units)] * layer.units + row % layer.units;
    }
  };
  /// A row-major matrix that grows by columns.
  struct Columns {
    std::vector<std::vector<double>> rows;
    [[nodiscard]] Index width() const { return static_cast<Index>(rows.front().size()); }
  };

  OnnxValues add_operator(const Operator& op, std::vector<OnnxGraph::Attribute> attributes = {}) {
    const std::string first = graph_.add_integers(constant_name(op.layer, "first_axis"), {0});
    const std::string directions =
        graph_.add_integers(constant_name(op.layer, "directions_axis"), {1});
    Columns w = no_columns(op), r = no_columns(op);
    OnnxGraph::Names sources;
    for (const Connection& c : op.layer.connections) {
      if (c.delay > 0) {
        append_full(op, *net_.weights_of(op.layer, c), r);
      } else {
        sources.push_back(add_source(op, c, w));
      }
    }
    OnnxGraph::Names inputs{joined(sources), add_matrix(op, "W", w), add_matrix(op, "R", r),
                            add_bias(op), ""};
    const bool has_memory = net_.has_memory[static_cast<std::size_t>(op.layer.layer)];
    for (int delay = 1; delay >= (has_memory ? 0 : 1); --delay) {
      inputs.push_back(graph_.add("Unsqueeze", {OnnxState{op.layer.layer, delay}.name(), first}));
    }
    attributes.push_back(OnnxGraph::integer("hidden_size", op.layer.units));
    const auto results = graph_.add(op.name, inputs, has_memory ? 3 : 2, attributes);
    return {graph_.add("Squeeze", {results[0], directions}),
            graph_.add("Squeeze", {results[1], first}),
            has_memory ? graph_.add("Squeeze", {results[2], first}) : ""};
  }

  /// Appends the columns of a connection to W; the name of their input.
  std::string add_source(const Operator& op, const Connection& c, Columns& w) {
    const Block* const block = net_.weights_of(op.layer, c);
    if (c.weights == Weights::Full) {
      append_full(op, *block, w);
      return connections_.source(c);
    }
    if (c.weights == Weights::Lookup) {
      // A column of the table, which has our order of gates already.
      append(op, w, op.rows(), [](Index row, Index j) { return row == j ? 1.0 : 0.0; });
      return connections_.add_term(op.layer, c, static_cast<Index>(op.gates.size()));
    }
    const auto u = block == nullptr ? std::vector<double>{} : net_.numbers(*block);
    append(op, w, op.layer.units, [&](Index row, Index j) {
      if (row % op.layer.units != j) return 0.0;
      return u.empty() ? 1.0 : u[static_cast<std::size_t>(row)];
    });
    return connections_.source(c);
  }

  void append_full(const Operator& op, const Block& block, Columns& matrix) {
    const std::vector<double> numbers = net_.numbers(block);
    append(op, matrix, block.columns, [&](Index row, Index j) {
      return numbers[static_cast<std::size_t>(j * block.rows + row)];
    });
  }

  /// @param number in our row and a column
  template <class Number>
  static void append(const Operator& op, Columns& matrix, Index columns, const Number& number) {
    for (Index i = 0; i < op.rows(); ++i) {
      for (Index j = 0; j < columns; ++j) {
        matrix.rows[static_cast<std::size_t>(i)].push_back(op.factor * number(op.our_row(i), j));
      }
    }
  }

  static Columns no_columns(const Operator& op) {
    return {std::vector<std::vector<double>>(static_cast<std::size_t>(op.rows()))};
  }

  std::string add_matrix(const Operator& op, const char* what, const Columns& matrix) {
    std::vector<double> numbers;
    for (const std::vector<double>& row : matrix.rows) {
      numbers.insert(numbers.end(), row.begin(), row.end());
    }
    return graph_.add_constant(constant_name(op.layer, what), {1, op.rows(), matrix.width()},
                               numbers);
  }

  /// The bias of W, then that of R, which is 0 where a layer has one bias; "" without a bias.
  std::string add_bias(const Operator& op) {
    const Block* const block = net_.block_of(op.layer, Block::Kind::Bias);
    if (block == nullptr) return "";
    const std::vector<double> bias = net_.numbers(*block);
    std::vector<double> numbers(static_cast<std::size_t>(2 * op.rows()));
    for (Index j = 0; j < block->columns; ++j) {
      for (Index i = 0; i < op.rows(); ++i) {
        numbers[static_cast<std::size_t>(j * op.rows() + i)] =
            op.factor * bias[static_cast<std::size_t>(j * op.rows() + op.our_row(i))];
      }
    }
    return graph_.add_constant(constant_name(op.layer, "B"), {1, 2 * op.rows()}, numbers);
  }

  std::string joined(const OnnxGraph::Names& sources) {
    if (sources.size() == 1) return sources.front();
    return graph_.add("Concat", sources, {OnnxGraph::integer("axis", -1)});
  }

  OnnxGraph& graph_;
  const OnnxNetwork& net_;
  OnnxConnections& connections_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
