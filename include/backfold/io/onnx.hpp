// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/file_writer.hpp"
#include "backfold/io/export_checks.hpp"
#include "backfold/io/library_types.hpp"
#include "backfold/io/onnx_layers.hpp"
#include "backfold/io/onnx_options.hpp"
#include "backfold/io/onnx_scaling.hpp"
#include "backfold/io/onnx_sequence_checks.hpp"

/// Not in backfold.hpp: it needs files.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// @throws std::invalid_argument as save_onnx says
inline void check_onnx_options(const OnnxOptions& options, Index inputs, Index outputs) {
  if (options.opset < 13 || options.opset > 17) {
    fail_argument("onnx: opset ", options.opset, ", expected 13 to 17");
  }
  check_scaling_size("onnx", "inputs", options.input_scaling, inputs);
  check_scaling_size("onnx", "targets", options.target_scaling, outputs);
}

/// The bytes of a network's ONNX file.
inline std::string onnx_bytes(const OnnxNetwork& net, const OnnxOptions& options) {
  const bool is_sequence = options.run == OnnxRun::Sequence;
  if (is_sequence) check_onnx_sequence(net);
  const auto shape = [&](Index units) {
    return is_sequence ? std::vector<OnnxDimension>{"steps", "batch", units}
                       : std::vector<OnnxDimension>{"batch", units};
  };
  OnnxGraph graph(options.opset, options.scalar == OnnxScalar::Double);
  graph.add_input("input", shape(net.layers.front().units));
  for (const OnnxState& state : net.states()) {
    graph.add_input(state.name(), {"batch", net.units(state)});
  }
  graph.set_prefix("input_scaling");
  const std::string x = OnnxScaling(graph, options.input_scaling, "input_scaling").add("input");
  OnnxLayers layers(graph, net, options.run, x);
  std::string y = layers.add_layers();
  graph.set_prefix("target_scaling");
  y = OnnxScaling(graph, options.target_scaling, "target_scaling").add_inverse(y);
  graph.add_output("output", y, shape(net.layers.back().units));
  for (const OnnxState& state : net.states()) {
    graph.add_output("next_" + state.name(), layers.next(state), {"batch", net.units(state)});
  }
  for (const OnnxState& state : net.states()) {
    const std::vector<double> start = net.start(state);
    if (start.empty()) continue;
    const Index units = net.units(state);
    const std::string value = graph.add_constant(state.name() + ".start", {1, units}, start);
    graph.add_output("start_" + state.name(), value, {1, units});
  }
  return graph.bytes();
}

}  // namespace detail

/// Writes a network as an ONNX file, which runtimes on other devices and in other languages run.
///
///     bf::save_onnx("net.onnx", net, {.input_scaling = inputs, .target_scaling = targets});
///
/// Its graph has the input "input" and the output "output", batch × features: samples are rows, so
/// that the memory is that of our columns. The batch is set by each run. Dropout is left out.
/// A recurrent network becomes one step, for any of its connections. The values that it remembers
/// are inputs and outputs, batch × units, with zeros before the first step: for layer l the outputs
/// one step ago, "state_l" and "next_state_l", two steps ago, "state_l_delay_2" and
/// "next_state_l_delay_2", and so on, and the memory of a cell, "memory_l" and "next_memory_l".
/// For a layer with a LearntStart, the further outputs "start_state_l" and so on, constants of
/// 1 × units, are the state to begin with.
///
/// With OnnxRun::Sequence, a run computes all steps. "input" and "output" are steps × batch ×
/// features then; each run sets the steps and the batch. States are those before the first and
/// after the last step, for the next run or for the file of one step. A recurrent layer becomes the
/// operator RNN, LSTM or GRU. These lead from a layer only to itself, one step on, from every unit
/// to every unit; of the activations of a recurrent Dense they have Tanh, Sigmoid and Relu. Other
/// recurrent layers are refused.
///
/// Outputs are those of the network to some roundings of the file's scalar. The file is written
/// aside, flushed and renamed.
///
/// @throws std::invalid_argument for another opset than 13 to 17, a layer or an activation of a
/// user's type, a layer without an operator for sequences, parameters that are not finite or beyond
/// the range of the file's scalar, or scalings of another size; std::runtime_error naming the file.
/// Source: the Linux Foundation, Open Neural Network Exchange, onnx.proto and operators
/// (2017-2022).
template <Real S, class... Layers>
void save_onnx(const std::string& path, const Network<S, Layers...>& net,
               const OnnxOptions& options = {}) {
  detail::check_library_types("onnx", net);
  detail::check_onnx_options(options, net.inputs(), net.outputs());
  detail::check_finite_parameters("onnx", net);
  const std::string bytes = detail::onnx_bytes(detail::onnx_network(net), options);
  detail::FileWriter file(path);
  file.write(bytes);
  file.commit();
}

BACKFOLD_END_NAMESPACE
