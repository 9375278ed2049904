// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/io/onnx_graph.hpp"
#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Nodes of φ(net) for a layer's activation; the name of the result.
class OnnxActivation {
 public:
  OnnxActivation(OnnxGraph& graph, const LayerDescription& layer)
      : graph_(graph), layer_(layer), name_("layer" + std::to_string(layer.layer)) {}

  std::string add(const std::string& net) {
    const std::string name = layer_.activation;
    if (name == "Linear") return net;
    if (name == "Tanh" || name == "Sigmoid") return graph_.add(layer_.activation, {scaled(net)});
    if (name == "Relu" || name == "Softplus") return graph_.add(layer_.activation, {net});
    if (name == "Softmax") return graph_.add("Softmax", {net}, {OnnxGraph::integer("axis", -1)});
    if (name == "LeakyRelu" || name == "Elu") return add_two_sided(net);
    if (name == "Silu") return graph_.add("Mul", {net, graph_.add("Sigmoid", {net})});
    return add_gelu(net);
  }

 private:
  [[nodiscard]] double setting() const { return layer_.settings.front().value; }

  std::string scalar(const char* name, double value) {
    return graph_.add_constant(name_ + "." + name, {}, {value});
  }

  std::string scaled(const std::string& net) {
    if (setting() == 1) return net;
    return graph_.add("Mul", {net, scalar("slope", setting())});
  }

  /// LeakyRelu and Elu: max(net, 0) − a·max(−x, 0), with x = net, or exp(net) − 1 below 0; by the
  /// operator itself where its attribute holds a.
  std::string add_two_sided(const std::string& net) {
    if (graph_.holds_attribute(setting())) {
      return graph_.add(layer_.activation, {net}, {OnnxGraph::real("alpha", setting())});
    }
    const bool is_elu = std::string(layer_.activation) == "Elu";
    const std::string below = is_elu ? graph_.add("Elu", {net}) : net;
    const std::string down = graph_.add("Relu", {graph_.add("Neg", {below})});
    return graph_.add(
        "Sub", {graph_.add("Relu", {net}), graph_.add("Mul", {down, scalar("alpha", setting())})});
  }

  /// net·(½ + ½·erf(net/√2)): the operator Gelu came with opset 20.
  std::string add_gelu(const std::string& net) {
    constexpr double sqrt_half = 0.70710678118654752440;
    const std::string half = scalar("half", 0.5);
    const std::string erf =
        graph_.add("Erf", {graph_.add("Mul", {net, scalar("sqrt_half", sqrt_half)})});
    const std::string cdf = graph_.add("Add", {graph_.add("Mul", {erf, half}), half});
    return graph_.add("Mul", {net, cdf});
  }

  OnnxGraph& graph_;
  const LayerDescription& layer_;
  std::string name_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
