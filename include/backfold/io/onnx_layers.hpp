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
      : graph_(graph), net_(net), values_{input} {}

  /// Adds all layers; the name of the last one's outputs.
  /// @throws std::invalid_argument for a layer or an activation that is not the library's
  std::string add_layers() {
    for (std::size_t l = 1; l < net_.layers.size(); ++l) {
      graph_.set_prefix("layer" + std::to_string(l));
      values_.push_back(add_layer(net_.layers[l]));
    }
    graph_.set_prefix("");
    return values_.back();
  }

 private:
  std::string add_layer(const LayerDescription& layer) {
    if (is_type(layer, "Dense")) {
      const Bias bias = net_.column(layer, Block::Kind::Bias, 0);
      return OnnxActivation(graph_, layer).add(add_net(layer, layer.connections, 1, bias));
    }
    std::string net = add_net(layer, layer.connections, 1, {});
    if (is_type(layer, "Dropout")) return net;
    if (is_type(layer, "LayerNorm")) return add_layer_norm(layer, net);
    fail_argument("onnx: layer ", layer.layer, " is a ", layer.type,
                  "; expected Dense, LayerNorm or Dropout");
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
    const std::string& x = values_[static_cast<std::size_t>(c.source)];
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
  OnnxGraph::Names values_;  ///< of each layer's outputs
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
