// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "backfold/core/random.hpp"
#include "backfold/io/block_array.hpp"
#include "backfold/io/load_options.hpp"
#include "backfold/io/model_info.hpp"
#include "backfold/io/tensor_file.hpp"
#include "backfold/io/tensor_writer.hpp"
#include "backfold/network/describe.hpp"
#include "backfold/version.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Key of a model's description in a file's metadata, and the format's version: readers refuse
/// other versions.
inline constexpr const char* model_key = "backfold";
inline constexpr int model_format = 1;

inline const char* name_of(Weights weights) {
  static constexpr const char* names[] = {"full", "diagonal", "identity", "lookup"};
  return names[static_cast<int>(weights)];
}

/// Description of a layer in a file.
inline Json layer_json(const LayerDescription& layer, const std::vector<Block>& blocks) {
  Json json{{"type", layer.type}, {"units", layer.units}};
  if (layer.form[0] != '\0') json["form"] = layer.form;
  if (layer.activation[0] != '\0') json["activation"] = layer.activation;
  for (const SettingValue& s : layer.settings) json["settings"][s.name] = s.value;
  Json connections = Json::array();
  for (const Connection& c : layer.connections) {
    Json connection{{"from", c.source}, {"delay", c.delay}, {"weights", name_of(c.weights)}};
    if (c.weights == Weights::Lookup) connection["entries"] = c.entries;
    connections.push_back(connection);
  }
  if (layer.layer > 0) json["connections"] = connections;
  for (const Block& block : blocks) {
    const bool own = block.layer == layer.layer;
    if (own && block.kind == Block::Kind::Bias) json["bias_columns"] = block.columns;
    if (own && block.kind == Block::Kind::Own) json["own_columns"] = block.columns;
    if (own && block.kind == Block::Kind::Start) json["start_columns"] = block.columns;
  }
  return json;
}

inline Json layers_json(const std::vector<LayerDescription>& layers,
                        const std::vector<Block>& blocks) {
  Json json = Json::array();
  for (const LayerDescription& layer : layers) json.push_back(layer_json(layer, blocks));
  return json;
}

/// Compares two descriptions of layers. @throws std::runtime_error naming the first difference
inline void require_equal_layers(const std::string& path, const Json& in_file, const Json& in_net) {
  if (!in_file.is_array()) fail_runtime(path, ": its model's layers are no list");
  const auto differ = [&](std::size_t layer, const char* what, const Json* a, const Json* b) {
    const auto text = [](const Json* json) { return json ? json->dump() : std::string("none"); };
    fail_runtime(path, ": layer ", layer, ": ", what, " is ", text(a), " in the file, ", text(b),
                 " in the network");
  };
  for (std::size_t l = 0; l < (std::min)(in_file.size(), in_net.size()); ++l) {
    if (!in_file[l].is_object()) fail_runtime(path, ": layer ", l, " is no JSON object");
    for (const char* key : {"type", "form", "activation", "settings", "units", "connections",
                            "bias_columns", "own_columns", "start_columns"}) {
      const auto a = in_file[l].find(key), b = in_net[l].find(key);
      // Files of earlier versions have no forms.
      if (a == in_file[l].end() && key == std::string_view("form")) continue;
      const Json* const in_a = a == in_file[l].end() ? nullptr : &*a;
      const Json* const in_b = b == in_net[l].end() ? nullptr : &*b;
      const bool equal = in_a && in_b ? *in_a == *in_b : in_a == in_b;
      if (!equal) differ(l, key, in_a, in_b);
    }
  }
  if (in_file.size() != in_net.size()) {
    fail_runtime(path, ": has a network of ", in_file.size(), " layers, this one has ",
                 in_net.size());
  }
}

inline const char* name_of(ScalingKind kind) {
  return kind == ScalingKind::Standard ? "standard"
         : kind == ScalingKind::MinMax ? "min_max"
                                       : "unchanged";
}

inline void add_scaling(TensorWriter& file, Json& model, const char* name, const Scaling& scaling) {
  if (scaling.size() == 0) return;
  model[name] = {{"kind", name_of(scaling.kind())}, {"base", scaling.base()}};
  const std::string prefix = name;
  file.add(prefix + ".center", {scaling.size()}, scaling.center().data());
  file.add(prefix + ".width", {scaling.size()}, scaling.width().data());
}

/// @throws std::runtime_error naming the file, for numbers that Scaling refuses
inline Scaling read_scaling(const TensorFile& file, const Json& model, const char* name,
                            Index features) {
  if (!model.contains(name)) return {};
  const std::string kind_name =
      json_text(file.path(), name, json_value(file.path(), name, model[name], "kind"));
  const Json& base = json_value(file.path(), name, model[name], "base");
  ScalingKind kind = ScalingKind::Unchanged;
  for (const ScalingKind known : {ScalingKind::Standard, ScalingKind::MinMax}) {
    if (kind_name == name_of(known)) kind = known;
  }
  const auto center = file.read<double>(std::string(name) + ".center");
  const auto width = file.read<double>(std::string(name) + ".width");
  bool good = kind_name == name_of(kind) && base.is_number() &&
              static_cast<Index>(center.size()) == features && center.size() == width.size();
  for (std::size_t i = 0; good && i < center.size(); ++i) {
    good = is_finite(center[i]) && is_finite(width[i]) && width[i] >= 0x1p-1022;
  }
  if (!good) fail_runtime(file.path(), ": ", name, " is no scaling of ", features, " features");
  return Scaling(kind, Eigen::Map<const Vector<double>>(center.data(), features),
                 Eigen::Map<const Vector<double>>(width.data(), features), base.get<double>());
}

inline std::vector<std::string> read_names(const std::string& path, const Json& model,
                                           const char* key) {
  std::vector<std::string> names;
  if (!model.contains(key)) return names;
  if (!model[key].is_array()) fail_runtime(path, ": ", key, " is no list of names");
  for (const Json& name : model[key]) names.push_back(json_text(path, key, name));
  return names;
}

/// Description of a model in a file. @throws std::runtime_error if there is none
inline Json read_model_json(const TensorFile& file) {
  const auto found = file.metadata().find(model_key);
  if (found == file.metadata().end()) {
    fail_runtime(file.path(), ": describes no network: its __metadata__ has no \"", model_key,
                 "\"");
  }
  Json model = parse_json(file.path(), "its model", found->second);
  const Json& format = json_value(file.path(), "its model", model, "format");
  if (format != model_format) {
    fail_runtime(file.path(), ": its model has the format ", format.dump(), ", this library reads ",
                 model_format);
  }
  return model;
}

/// Reads the ModelInfo of a file. @throws std::runtime_error if sizes differ from the network's
inline ModelInfo read_model_info(const TensorFile& file, const Json& model, Index inputs,
                                 Index outputs) {
  const std::string& path = file.path();
  ModelInfo info;
  info.input_scaling = read_scaling(file, model, "input_scaling", inputs);
  info.target_scaling = read_scaling(file, model, "target_scaling", outputs);
  info.inputs = read_names(path, model, "inputs");
  info.outputs = read_names(path, model, "outputs");
  info.classes = read_names(path, model, "classes");
  info.version = json_text(path, "version", json_value(path, "its model", model, "version"));
  const auto fits = [](const std::vector<std::string>& names, Index n) {
    return names.empty() || static_cast<Index>(names.size()) == n;
  };
  if (!fits(info.inputs, inputs) || !fits(info.outputs, outputs) ||
      !(fits(info.classes, outputs) || (outputs == 1 && info.classes.size() == 2))) {
    fail_runtime(path, ": has ", info.inputs.size(), ", ", info.outputs.size(), " and ",
                 info.classes.size(), " names of inputs, outputs and classes, its network ", inputs,
                 " inputs and ", outputs, " outputs");
  }
  return info;
}

/// A stored matrix of doubles, features × columns.
inline Matrix<double> read_columns(const TensorFile& file, const std::string& name, Index rows) {
  const std::vector<double> numbers = file.read<double>(name);
  const TensorInfo& info = *file.find(name);
  if (info.shape.size() != 2 || info.shape[0] == 0 || info.shape[1] != rows) {
    fail_runtime(file.path(), ": \"", name, "\" has the shape ", shape_text(info.shape),
                 ", expected samples x ", rows);
  }
  return Eigen::Map<const Matrix<double>>(numbers.data(), rows, info.shape[0]);
}

/// Reads the stored inputs and outputs.
inline void read_example(const TensorFile& file, ModelInfo& info, Index inputs, Index outputs) {
  info.example = read_columns(file, "example.inputs", inputs);
  info.example_outputs = read_columns(file, "example.outputs", outputs);
  if (info.example.cols() != info.example_outputs.cols()) {
    fail_runtime(file.path(), ": has ", info.example.cols(), " stored inputs and ",
                 info.example_outputs.cols(), " outputs");
  }
}

/// Numbers of a block's array, in the array's order.
/// @param epsilon set to that of float if the array is of floats
/// @throws std::runtime_error naming the file, for another shape than the block's
template <Real S>
std::vector<S> read_block(const TensorFile& file, const Block& block, const LoadOptions& options,
                          double& epsilon) {
  const std::string name = array_name(block);
  const TensorInfo* const array = file.find(name);
  const auto shape = array_shape(block);
  if (array != nullptr && array->shape != shape) {
    fail_runtime(file.path(), ": \"", name, "\" has the shape ", shape_text(array->shape),
                 ", the network needs ", shape_text(shape));
  }
  std::vector<S> numbers = file.read<S>(name, options.round);
  if (array->type == "F32") epsilon = double{std::numeric_limits<float>::epsilon()};
  return numbers;
}

/// Changes numbers by a relative epsilon, at random, as rounding might. None grows, so that none
/// overflows.
template <Real S>
void perturb(S* numbers, Index n, double epsilon) {
  Random random(1);
  for (Index i = 0; i < n; ++i) {
    if (below(random, 2) == 0) numbers[i] *= static_cast<S>(1 - epsilon);
  }
}

/// Compares the outputs of a loaded network with the stored ones.
///
/// A network may amplify the rounding that differs between scalars, processors and orders of
/// summation: large terms cancel in an output, or a recurrence diverges. Hence each output may
/// differ by a hundred times the change that such a rounding of all parameters makes.
/// @param perturbed outputs of the loaded network with perturbed parameters
/// @param epsilon of the scalar in which both were computed, the coarser one
/// @throws std::runtime_error naming the first that differs by more than rounding
inline void require_equal_outputs(const std::string& path, const Matrix<double>& expected,
                                  const Matrix<double>& got, const Matrix<double>& perturbed,
                                  double epsilon) {
  const double tolerance = std::pow(epsilon, 0.6);  // 4e-10 in double, 7e-5 in float
  const Vector<double> amplified = 100 * (perturbed - got).cwiseAbs().rowwise().maxCoeff();
  for (Index c = 0; c < expected.cols(); ++c) {
    for (Index i = 0; i < expected.rows(); ++i) {
      const double difference = std::abs(expected(i, c) - got(i, c));
      const double size = (std::max)(1.0, std::abs(expected(i, c)));
      if (difference <= tolerance * size + amplified[i]) continue;
      fail_runtime(path, ": output ", i, " of stored sample ", c, " should be ", expected(i, c),
                   ", but the network loaded gives ", got(i, c));
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
