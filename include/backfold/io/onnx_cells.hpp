// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/io/onnx_connections.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Nodes of one step of a cell.
class OnnxCells {
 public:
  OnnxCells(OnnxGraph& graph, const OnnxNetwork& net, OnnxConnections& connections)
      : graph_(graph), net_(net), connections_(connections) {}

  OnnxValues add_lstm(const LayerDescription& layer) {
    Bias bias = net_.column(layer, Block::Kind::Bias, 0);
    const Bias hidden = net_.column(layer, Block::Kind::Bias, 1);
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] += hidden[i];
    const auto gate =
        split(connections_.add_sum(layer, layer.connections, 4, bias), 4);  // i, f, g, o
    const std::string kept =
        graph_.add("Mul", {graph_.add("Sigmoid", {gate[1]}), OnnxState{layer.layer, 0}.name()});
    const std::string written =
        graph_.add("Mul", {graph_.add("Sigmoid", {gate[0]}), graph_.add("Tanh", {gate[2]})});
    const std::string memory = graph_.add("Add", {kept, written});
    const std::string output =
        graph_.add("Mul", {graph_.add("Sigmoid", {gate[3]}), graph_.add("Tanh", {memory})});
    return {output, output, memory};
  }

  OnnxValues add_gru(const LayerDescription& layer) {
    const Connection loop = layer.connections[1];
    std::vector<Connection> others = layer.connections;
    others.erase(others.begin() + 1);
    const Bias bias = net_.column(layer, Block::Kind::Bias, 0);
    const Bias hidden_bias = net_.column(layer, Block::Kind::Bias, 1);
    const auto input = split(connections_.add_sum(layer, others, 3, bias), 3);  // r, z, n
    const auto hidden =
        split(connections_.add_sum(layer, {loop}, 3, hidden_bias, "hidden_bias"), 3);
    const std::string r = graph_.add("Sigmoid", {graph_.add("Add", {input[0], hidden[0]})});
    const std::string z = graph_.add("Sigmoid", {graph_.add("Add", {input[1], hidden[1]})});
    const std::string reset = graph_.add("Mul", {r, hidden[2]});
    const std::string n = graph_.add("Tanh", {graph_.add("Add", {input[2], reset})});
    const bool remembers = net_.has_memory[static_cast<std::size_t>(layer.layer)];
    const std::string h = OnnxState{layer.layer, remembers ? 0 : 1}.name();
    const std::string output = add_between(n, h, z);
    return {output, output, output};
  }

  OnnxValues add_min_gru(const LayerDescription& layer) {
    const Bias bias = net_.column(layer, Block::Kind::Bias, 0);
    const auto gate = split(connections_.add_sum(layer, layer.connections, 2, bias), 2);  // z, c
    const std::string z = graph_.add("Sigmoid", {gate[0]});
    const std::string output = add_between(OnnxState{layer.layer, 0}.name(), gate[1], z);
    return {output, output, output};
  }

 private:
  using Bias = OnnxConnections::Bias;

  /// The numbers of each gate.
  OnnxGraph::Names split(const std::string& net, int gates) {
    return graph_.add("Split", {net}, gates, {OnnxGraph::integer("axis", -1)});
  }

  /// a + part·(b − a)
  std::string add_between(const std::string& a, const std::string& b, const std::string& part) {
    return graph_.add("Add", {a, graph_.add("Mul", {part, graph_.add("Sub", {b, a})})});
  }

  OnnxGraph& graph_;
  const OnnxNetwork& net_;
  OnnxConnections& connections_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
