// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <string>

#include "backfold/core/random.hpp"
#include "backfold/io/export_checks.hpp"
#include "backfold/io/model_json.hpp"
#include "backfold/network/predict.hpp"

/// Not in backfold.hpp: saving and loading networks needs files and nlohmann-json.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Outputs for the columns of X: samples, or the steps of one sequence.
template <class Net>
Matrix<double> outputs_for(const Net& net, const Matrix<double>& columns) {
  const Matrix<typename Net::Scalar> inputs = columns.template cast<typename Net::Scalar>();
  const Index steps = Net::Graph::is_recurrent ? columns.cols() : 1;
  Workspace<Net> workspace(net, columns.cols() / steps, steps, Purpose::Forward);
  return run(net, inputs, steps, workspace).template cast<double>();
}

/// Inputs for the stored pair: indices for a lookup, else numbers from -1 to 1.
template <class Net>
Matrix<double> drawn_example(const Net& net) {
  constexpr Index columns = 4;
  Matrix<double> inputs(net.inputs(), columns);
  Index entries = 0;
  for (const Link& link : Net::Graph::links) {
    if (link.source != 0 || link.weights != Weights::Lookup) continue;
    entries = layers(net)[static_cast<std::size_t>(link.target)]
                  .connections[static_cast<std::size_t>(link.index)]
                  .entries;
  }
  Random random(1);
  for (Index i = 0; i < inputs.size(); ++i) {
    const double number = uniform(random, -1, 1);
    inputs.data()[i] = entries > 0 ? static_cast<double>(i % entries)
                                   : static_cast<double>(static_cast<float>(number));
  }
  return inputs;
}

template <class S>
void add_columns(TensorWriter& file, const std::string& name, const Matrix<double>& columns) {
  const Matrix<S> numbers = columns.template cast<S>();
  file.add(name, {numbers.cols(), numbers.rows()}, numbers.data());
}

}  // namespace detail

/// Writes a network into a safetensors file: parameters under readable names, layers with their
/// settings, and the info, so that `load` and other programs can use it.
///
///     bf::save("model.safetensors", net, {.input_scaling = scaling, .classes = species.names()});
///
/// Weights are arrays of rows × columns as in PyTorch, named layer1.weight, layer1.recurrent,
/// layer1.bias and so on. The metadata's key "backfold" has the description, as JSON. Outputs for a
/// few inputs are stored too, for `load` to compare. The file is replaced atomically: a killed
/// program or a full disk leaves the old file unchanged.
///
/// @throws std::invalid_argument for parameters or outputs of the example that are not finite,
/// names that are not UTF-8, or another number of names or features than the network has;
/// std::runtime_error naming the file
template <Real S, class... Layers>
void save(const std::string& path, const Network<S, Layers...>& net, const ModelInfo& info = {}) {
  detail::check_model_info(info, net.inputs(), net.outputs());
  detail::check_finite_parameters("save", net);
  const auto all_blocks = blocks(net);
  TensorWriter file;
  for (const Block& block : all_blocks) {
    std::vector<S> numbers(static_cast<std::size_t>(block.size()));
    detail::copy_block(block, true, net.parameters().data(), numbers.data());
    file.add(detail::array_name(block), detail::array_shape(block), numbers.data());
  }
  detail::Json model{{"format", detail::model_format},
                     {"version", std::to_string(BACKFOLD_VERSION_MAJOR) + "." +
                                     std::to_string(BACKFOLD_VERSION_MINOR) + "." +
                                     std::to_string(BACKFOLD_VERSION_PATCH)},
                     {"layers", detail::layers_json(layers(net), all_blocks)}};
  detail::add_scaling(file, model, "input_scaling", info.input_scaling);
  detail::add_scaling(file, model, "target_scaling", info.target_scaling);
  if (!info.inputs.empty()) model["inputs"] = info.inputs;
  if (!info.outputs.empty()) model["outputs"] = info.outputs;
  if (!info.classes.empty()) model["classes"] = info.classes;
  for (const auto* names : {&info.inputs, &info.outputs, &info.classes}) {
    for (const std::string& name : *names) {
      if (!detail::is_utf8(name)) fail_argument("save: the name \"", name, "\" is not UTF-8");
    }
  }
  const Matrix<double> example =
      info.example.cols() > 0 ? info.example : detail::drawn_example(net);
  const Matrix<double> outputs = detail::outputs_for(net, example);
  if (!all_finite(outputs.data(), outputs.size())) {
    fail_argument("save: the outputs for the example are not finite");
  }
  detail::add_columns<S>(file, "example.inputs", example);
  detail::add_columns<S>(file, "example.outputs", outputs);
  file.set_metadata(detail::model_key, model.dump());
  file.write(path);
}

/// Reads the parameters of a network from a safetensors file written by `save`, and returns the
/// file's ModelInfo. The network must have the file's layers, connections and settings; sizes may
/// be static or Dynamic. After an error the network is unchanged.
///
///     bf::Mlp<float, bf::Input<4>, bf::Dense<8, bf::Tanh>, bf::Dense<3, bf::Softmax>> net;
///     const bf::ModelInfo info = bf::load("model.safetensors", net);
///
/// Floats can be read into doubles; doubles into floats only if no rounding is needed, or if
/// `round` is set.
///
/// @throws std::runtime_error naming the file and the first difference between it and the network,
/// the damaged place, or the stored output that the network does not reproduce
template <Real S, class... Layers>
ModelInfo load(const std::string& path, Network<S, Layers...>& net,
               const LoadOptions& options = {}) {
  const TensorFile file(path);
  const detail::Json model = detail::read_model_json(file);
  const auto all_blocks = blocks(net);
  detail::require_equal_layers(path, detail::json_value(path, "its model", model, "layers"),
                               detail::layers_json(layers(net), all_blocks));
  Network<S, Layers...> loaded = net;
  double epsilon = double{std::numeric_limits<S>::epsilon()};
  for (const Block& block : all_blocks) {
    const auto numbers = detail::read_block<S>(file, block, options, epsilon);
    detail::copy_block(block, false, loaded.parameters().data(), numbers.data());
  }
  if (!all_finite(loaded.parameters().data(), loaded.parameter_count())) {
    fail_runtime(path, ": has parameters that are not finite");
  }
  ModelInfo info = detail::read_model_info(file, model, net.inputs(), net.outputs());
  detail::read_example(file, info, net.inputs(), net.outputs());
  Network<S, Layers...> perturbed = loaded;
  detail::perturb(perturbed.parameters().data(), perturbed.parameter_count(), epsilon);
  detail::require_equal_outputs(path, info.example_outputs,
                                detail::outputs_for(loaded, info.example),
                                detail::outputs_for(perturbed, info.example), epsilon);
  net = loaded;
  return info;
}

BACKFOLD_END_NAMESPACE
