// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/io/block_array.hpp"
#include "backfold/io/onnx_activation.hpp"
#include "backfold/io/onnx_network.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Nodes of a network's layers. Samples are rows: a product is x Wᵀ, and Wᵀ row-major is the block
/// of W as it is. The units are the last axis of any number of axes.
class OnnxLayers {
 public:
  using Bias = std::vector<double>;

  OnnxLayers(OnnxGraph& graph, const OnnxNetwork& net, const std::string& input)
      : graph_(graph), net_(net), values_{input}, memories_(net.layers.size()) {}

  /// Adds all layers; the name of the last one's outputs.
  std::string add_layers() {
    for (std::size_t l = 1; l < net_.layers.size(); ++l) {
      graph_.set_prefix("layer" + std::to_string(l));
      values_.push_back(add_layer(net_.layers[l]));
    }
    graph_.set_prefix("");
    return values_.back();
  }

  /// The value of a state after the step.
  [[nodiscard]] std::string next(const OnnxState& state) const {
    if (state.delay > 1) return OnnxState{state.layer, state.delay - 1}.name();
    const auto l = static_cast<std::size_t>(state.layer);
    return state.delay == 0 ? memories_[l] : values_[l];
  }

 private:
  std::string add_layer(const LayerDescription& layer) {
    if (is_type(layer, "Dense")) {
      const Bias bias = net_.column(layer, Block::Kind::Bias, 0);
      return OnnxActivation(graph_, layer).add(add_net(layer, layer.connections, 1, bias));
    }
    if (is_type(layer, "Lstm")) return add_lstm(layer);
    if (is_type(layer, "Gru")) return add_gru(layer);
    if (is_type(layer, "MinGru")) return add_min_gru(layer);
    const std::string net = add_net(layer, layer.connections, 1, {});
    return is_type(layer, "LayerNorm") ? add_layer_norm(layer, net) : net;  // Dropout
  }

  /// The sum of connections and a bias.
  /// @param gates how many numbers a unit has in the sum
  std::string add_net(const LayerDescription& layer, const std::vector<Connection>& connections,
                      Index gates, const Bias& bias, const char* bias_name = "bias") {
    std::string net;
    for (const Connection& c : connections) {
      const std::string term = add_connection(layer, c, gates);
      net = net.empty() ? term : graph_.add("Add", {net, term});
    }
    return bias.empty() ? net : graph_.add("Add", {net, constant(layer, bias_name, bias)});
  }

  std::string add_connection(const LayerDescription& layer, const Connection& c, Index gates) {
    const std::string x = c.delay > 0 ? OnnxState{c.source, c.delay}.name()
                                      : values_[static_cast<std::size_t>(c.source)];
    const Block* const block = net_.weights_of(layer, c);
    if (block == nullptr) return repeated(x, gates);  // a sum without weights
    const bool is_diagonal = c.weights == Weights::Diagonal;
    const std::vector<Index> shape =
        is_diagonal ? std::vector{block->rows} : std::vector{block->columns, block->rows};
    const std::string w = graph_.add_constant(array_name(*block), shape, net_.numbers(*block));
    if (is_diagonal) return graph_.add("Mul", {repeated(x, gates), w});
    if (c.weights == Weights::Full) return graph_.add("MatMul", {x, w});
    const std::string axis = graph_.add_integers(array_name(*block) + ".axis", {-1});
    const std::string index = graph_.add("Squeeze", {x, axis});
    return graph_.add("Gather", {w, graph_.add("Cast", {index}, {OnnxGraph::integer("to", 7)})});
  }

  /// x for each gate, next to each other.
  std::string repeated(const std::string& x, Index gates) {
    if (gates == 1) return x;
    return graph_.add("Concat", OnnxGraph::Names(static_cast<std::size_t>(gates), x),
                      {OnnxGraph::integer("axis", -1)});
  }

  /// The numbers of each gate.
  OnnxGraph::Names split(const std::string& net, int gates) {
    return graph_.add("Split", {net}, gates, {OnnxGraph::integer("axis", -1)});
  }

  /// a + part·(b − a)
  std::string add_between(const std::string& a, const std::string& b, const std::string& part) {
    return graph_.add("Add", {a, graph_.add("Mul", {part, graph_.add("Sub", {b, a})})});
  }

  std::string& memory(const LayerDescription& layer) {
    return memories_[static_cast<std::size_t>(layer.layer)];
  }

  std::string add_lstm(const LayerDescription& layer) {
    Bias bias = net_.column(layer, Block::Kind::Bias, 0);
    const Bias hidden = net_.column(layer, Block::Kind::Bias, 1);
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] += hidden[i];
    const auto gate = split(add_net(layer, layer.connections, 4, bias), 4);  // i, f, g, o
    const std::string kept =
        graph_.add("Mul", {graph_.add("Sigmoid", {gate[1]}), OnnxState{layer.layer, 0}.name()});
    const std::string written =
        graph_.add("Mul", {graph_.add("Sigmoid", {gate[0]}), graph_.add("Tanh", {gate[2]})});
    memory(layer) = graph_.add("Add", {kept, written});
    return graph_.add("Mul",
                      {graph_.add("Sigmoid", {gate[3]}), graph_.add("Tanh", {memory(layer)})});
  }

  std::string add_gru(const LayerDescription& layer) {
    const Connection loop = layer.connections[1];
    std::vector<Connection> others = layer.connections;
    others.erase(others.begin() + 1);
    const Bias bias = net_.column(layer, Block::Kind::Bias, 0);
    const Bias hidden_bias = net_.column(layer, Block::Kind::Bias, 1);
    const auto input = split(add_net(layer, others, 3, bias), 3);  // r, z, n
    const auto hidden = split(add_net(layer, {loop}, 3, hidden_bias, "hidden_bias"), 3);
    const std::string r = graph_.add("Sigmoid", {graph_.add("Add", {input[0], hidden[0]})});
    const std::string z = graph_.add("Sigmoid", {graph_.add("Add", {input[1], hidden[1]})});
    const std::string reset = graph_.add("Mul", {r, hidden[2]});
    const std::string n = graph_.add("Tanh", {graph_.add("Add", {input[2], reset})});
    const bool remembers = net_.has_memory[static_cast<std::size_t>(layer.layer)];
    return memory(layer) = add_between(n, OnnxState{layer.layer, remembers ? 0 : 1}.name(), z);
  }

  std::string add_min_gru(const LayerDescription& layer) {
    const Bias bias = net_.column(layer, Block::Kind::Bias, 0);
    const auto gate = split(add_net(layer, layer.connections, 2, bias), 2);  // z, c
    const std::string z = graph_.add("Sigmoid", {gate[0]});
    return memory(layer) = add_between(OnnxState{layer.layer, 0}.name(), gate[1], z);
  }

  /// The operator came with opset 17; its ε is an attribute.
  std::string add_layer_norm(const LayerDescription& layer, const std::string& net) {
    const double epsilon = layer.settings.front().value;
    const std::string gain = constant(layer, "gain", net_.column(layer, Block::Kind::Own, 0));
    const std::string shift = constant(layer, "shift", net_.column(layer, Block::Kind::Own, 1));
    if (graph_.opset() >= 17 && graph_.holds_attribute(epsilon)) {
      return graph_.add("LayerNormalization", {net, gain, shift},
                        {OnnxGraph::integer("axis", -1), OnnxGraph::real("epsilon", epsilon)});
    }
    const auto axes = OnnxGraph::integers("axes", -1);
    const std::string centred = graph_.add("Sub", {net, graph_.add("ReduceMean", {net}, {axes})});
    const std::string square = graph_.add("Mul", {centred, centred});
    const std::string variance = graph_.add("ReduceMean", {square}, {axes});
    const std::string padded = graph_.add("Add", {variance, constant(layer, "epsilon", {epsilon})});
    const std::string normal = graph_.add("Div", {centred, graph_.add("Sqrt", {padded})});
    return graph_.add("Add", {graph_.add("Mul", {normal, gain}), shift});
  }

  std::string constant(const LayerDescription& layer, const char* name,
                       const std::vector<double>& numbers) {
    return graph_.add_constant("layer" + std::to_string(layer.layer) + "." + name,
                               {static_cast<Index>(numbers.size())}, numbers);
  }

  OnnxGraph& graph_;
  const OnnxNetwork& net_;
  OnnxGraph::Names values_;    ///< of each layer's outputs
  OnnxGraph::Names memories_;  ///< of each layer after the step; "" where it has none
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
