// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/io/onnx_network.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A layer in a message: layer 2 "encoder".
inline std::string onnx_layer_text(const LayerDescription& layer) {
  const std::string label = layer.label;
  return "layer " + std::to_string(layer.layer) + (label.empty() ? "" : " \"" + label + "\"");
}

[[noreturn]] inline void refuse_onnx_sequence(const LayerDescription& layer, const std::string& got,
                                              const char* limit) {
  fail_argument("onnx: ", onnx_layer_text(layer), " has ", got, ", but ", limit,
                "; expected OnnxRun::Step, which writes one step of it");
}

/// @throws std::invalid_argument for a connection with a delay that RNN, LSTM and GRU do not have
inline void check_onnx_delay(const LayerDescription& layer, const Connection& c) {
  const std::string steps = std::to_string(c.delay) + (c.delay == 1 ? " step" : " steps");
  if (c.source != layer.layer) {
    refuse_onnx_sequence(
        layer, "a connection from layer " + std::to_string(c.source) + ", " + steps + " ago",
        "ONNX's operators for sequences lead back only to the layer itself");
  }
  if (c.delay > 1) {
    refuse_onnx_sequence(layer, "a connection from itself, " + steps + " ago",
                         "ONNX's operators for sequences lead back one step only");
  }
  if (c.weights != Weights::Full) {
    refuse_onnx_sequence(layer, "a connection from each unit to itself",
                         "ONNX's operators for sequences lead back from every unit to every unit");
  }
}

/// @throws std::invalid_argument for a network that has a layer which the operators RNN, LSTM and
/// GRU do not compute
inline void check_onnx_sequence(const OnnxNetwork& net) {
  for (const LayerDescription& layer : net.layers) {
    if (is_type(layer, "MinGru")) {
      refuse_onnx_sequence(layer, "the type MinGru", "ONNX has no operator for it");
    }
    for (const Connection& c : layer.connections) {
      if (c.delay > 0) check_onnx_delay(layer, c);
    }
    const std::string activation = layer.activation;
    const bool is_known = activation == "Tanh" || activation == "Sigmoid" || activation == "Relu";
    if (is_recurrent(layer) && is_type(layer, "Dense") && !is_known) {
      refuse_onnx_sequence(layer, "the activation " + activation,
                           "ONNX's operator RNN has Tanh, Sigmoid and Relu");
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
