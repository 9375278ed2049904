// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/io/onnx_activation.hpp"
#include "backfold/io/onnx_cells.hpp"
#include "backfold/io/onnx_options.hpp"
#include "backfold/io/onnx_sequence.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Nodes of a network's layers. The units are the last axis of any number of axes.
class OnnxLayers {
 public:
  OnnxLayers(OnnxGraph& graph, const OnnxNetwork& net, OnnxRun run, const std::string& input)
      : graph_(graph), net_(net), run_(run), outputs_{input}, connections_(graph, net, outputs_) {}

  /// Adds all layers; the name of the last one's outputs.
  std::string add_layers() {
    values_.push_back({outputs_.front(), outputs_.front(), ""});
    for (std::size_t l = 1; l < net_.layers.size(); ++l) {
      graph_.set_prefix("layer" + std::to_string(l));
      values_.push_back(add_layer(net_.layers[l]));
      outputs_.push_back(values_.back().output);
    }
    graph_.set_prefix("");
    return outputs_.back();
  }

  /// The value of a state after the last step.
  [[nodiscard]] std::string next(const OnnxState& state) const {
    if (state.delay > 1) return OnnxState{state.layer, state.delay - 1}.name();
    const OnnxValues& values = values_[static_cast<std::size_t>(state.layer)];
    return state.delay == 0 ? values.memory : values.last_output;
  }

 private:
  OnnxValues add_layer(const LayerDescription& layer) {
    if (run_ == OnnxRun::Sequence && is_recurrent(layer)) {
      return OnnxSequence(graph_, net_, connections_).add(layer);
    }
    OnnxCells cells(graph_, net_, connections_);
    if (is_type(layer, "Lstm")) return cells.add_lstm(layer);
    if (is_type(layer, "Gru")) return cells.add_gru(layer);
    if (is_type(layer, "MinGru")) return cells.add_min_gru(layer);
    const std::string output = add_plain(layer);
    return {output, output, ""};
  }

  /// A layer without memory.
  std::string add_plain(const LayerDescription& layer) {
    const auto bias = net_.column(layer, Block::Kind::Bias, 0);
    const std::string net = connections_.add_sum(layer, layer.connections, 1, bias);
    if (is_type(layer, "Dense")) return OnnxActivation(graph_, layer).add(net);
    return is_type(layer, "LayerNorm") ? add_layer_norm(layer, net) : net;  // Dropout
  }

  /// The operator came with opset 17; its ε is an attribute.
  std::string add_layer_norm(const LayerDescription& layer, const std::string& net) {
    const double epsilon = layer.settings.front().value;
    const std::string gain =
        connections_.add_constant(layer, "gain", net_.column(layer, Block::Kind::Own, 0));
    const std::string shift =
        connections_.add_constant(layer, "shift", net_.column(layer, Block::Kind::Own, 1));
    if (graph_.opset() >= 17 && graph_.holds_attribute(epsilon)) {
      return graph_.add("LayerNormalization", {net, gain, shift},
                        {OnnxGraph::integer("axis", -1), OnnxGraph::real("epsilon", epsilon)});
    }
    const auto axes = OnnxGraph::integers("axes", -1);
    // The mean is rounded to a digit of net: subtract that of the rest too.
    const std::string rest = graph_.add("Sub", {net, graph_.add("ReduceMean", {net}, {axes})});
    const std::string centred = graph_.add("Sub", {rest, graph_.add("ReduceMean", {rest}, {axes})});
    const std::string square = graph_.add("Mul", {centred, centred});
    const std::string variance = graph_.add("ReduceMean", {square}, {axes});
    const std::string padded =
        graph_.add("Add", {variance, connections_.add_constant(layer, "epsilon", {epsilon})});
    const std::string normal = graph_.add("Div", {centred, graph_.add("Sqrt", {padded})});
    return graph_.add("Add", {graph_.add("Mul", {normal, gain}), shift});
  }

  OnnxGraph& graph_;
  const OnnxNetwork& net_;
  OnnxRun run_;
  OnnxGraph::Names outputs_;  ///< of each layer
  OnnxConnections connections_;
  std::vector<OnnxValues> values_;  ///< of each layer
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
