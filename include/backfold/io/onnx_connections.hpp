// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/io/block_array.hpp"
#include "backfold/io/onnx_graph.hpp"
#include "backfold/io/onnx_network.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Nodes of the connections into a layer. Samples are rows: a product is x Wᵀ, and Wᵀ row-major is
/// the block of W as it is. The units are the last axis of any number of axes.
class OnnxConnections {
 public:
  using Bias = std::vector<double>;

  /// @param values of the outputs of each layer; it grows layer by layer
  OnnxConnections(OnnxGraph& graph, const OnnxNetwork& net, const OnnxGraph::Names& values)
      : graph_(graph), net_(net), values_(values) {}

  /// The sum of connections and a bias.
  /// @param gates how many numbers a unit has in the sum
  std::string add_sum(const LayerDescription& layer, const std::vector<Connection>& connections,
                      Index gates, const Bias& bias, const char* bias_name = "bias") {
    std::string net;
    for (const Connection& c : connections) {
      const std::string term = add_term(layer, c, gates);
      net = net.empty() ? term : graph_.add("Add", {net, term});
    }
    return bias.empty() ? net : graph_.add("Add", {net, add_constant(layer, bias_name, bias)});
  }

  /// The product of a connection's source and weights.
  std::string add_term(const LayerDescription& layer, const Connection& c, Index gates) {
    const std::string x = source(c);
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

  /// The outputs that a connection takes: a layer's, or a state.
  [[nodiscard]] std::string source(const Connection& c) const {
    return c.delay > 0 ? OnnxState{c.source, c.delay}.name()
                       : values_[static_cast<std::size_t>(c.source)];
  }

  /// A vector of numbers of a layer.
  std::string add_constant(const LayerDescription& layer, const char* name,
                           const std::vector<double>& numbers) {
    return graph_.add_constant(constant_name(layer, name), {static_cast<Index>(numbers.size())},
                               numbers);
  }

 private:
  /// x for each gate, next to each other.
  std::string repeated(const std::string& x, Index gates) {
    if (gates == 1) return x;
    return graph_.add("Concat", OnnxGraph::Names(static_cast<std::size_t>(gates), x),
                      {OnnxGraph::integer("axis", -1)});
  }

  OnnxGraph& graph_;
  const OnnxNetwork& net_;
  const OnnxGraph::Names& values_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
