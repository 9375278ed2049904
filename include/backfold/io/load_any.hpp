// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "backfold/io/any_network.hpp"
#include "backfold/io/load_options.hpp"
#include "backfold/io/model_json.hpp"

/// Not in backfold.hpp: it needs files and nlohmann-json, and compiles all layers.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Reads a connection from its description in a file, and checks it by itself.
inline Connection read_connection(const std::string& path, const Json& json, Index longest_delay) {
  constexpr Index most_layers = 10000;
  const auto value = [&](const char* key) -> const Json& {
    return json_value(path, "a connection", json, key);
  };
  Connection c;
  c.source = static_cast<int>(json_count(path, "from", value("from"), most_layers));
  c.delay = static_cast<int>(
      json_count(path, "delay", value("delay"), (std::numeric_limits<int>::max)()));
  if (c.delay > longest_delay) {
    fail_runtime(path, ": a connection has a delay of ", c.delay, " steps, expected at most ",
                 longest_delay, " (LoadOptions::longest_delay)");
  }
  const std::string weights = json_text(path, "weights", value("weights"));
  for (const Weights kind :
       {Weights::Full, Weights::Diagonal, Weights::Identity, Weights::Lookup}) {
    if (weights == name_of(kind)) c.weights = kind;
  }
  if (weights != name_of(c.weights)) {
    fail_runtime(path, ": a connection has the unknown weights ", weights);
  }
  if (c.weights == Weights::Lookup) {
    c.entries = json_count(path, "entries", value("entries"), (std::numeric_limits<Index>::max)());
  }
  return c;
}

/// Builds an AnyNetwork from a file. It makes the checks at run time that Topology makes of a type.
template <Real S>
class AnyNetworkReader {
 public:
  AnyNetworkReader(const TensorFile& file, const LoadOptions& options)
      : file_(file), path_(file.path()), options_(options) {}

  AnyNetwork<S> read() {
    const Json model = read_model_json(file_);
    const Json& layers = json_value(path_, "its model", model, "layers");
    if (!layers.is_array() || layers.size() < 2) {
      fail_runtime(path_, ": expected a list of at least two layers, got ", layers.dump());
    }
    for (const TensorInfo& t : file_.tensors()) numbers_ = numbers_ + t.count;
    for (const Json& layer : layers) read_type(layer);
    for (std::size_t l = 1; l < layers.size(); ++l) read_connections(l, layers[l]);
    // A learnt start is as long as the delays out of its layer, so all connections come first.
    for (std::size_t l = 1; l < layers.size(); ++l) read_parameters(l, layers[l]);
    net_.w_ = Eigen::Map<const Vector<S>>(w_.data(), static_cast<Index>(w_.size()));
    if (!all_finite(w_.data(), net_.w_.size())) {
      fail_runtime(path_, ": has parameters that are not finite");
    }
    net_.info_ = read_model_info(file_, model, net_.inputs(), net_.outputs());
    compare_example();
    return net_;
  }

 private:
  using AnyNetworkLayer = typename AnyNetwork<S>::Layer;

  void read_type(const Json& json) {
    const int l = net_.layer_count();
    AnyNetworkLayer layer;
    layer.units = json_count(path_, "units", json_value(path_, "a layer", json, "units"),
                             (std::numeric_limits<Index>::max)() / 64);
    if (layer.units == 0) fail_runtime(path_, ": layer ", l, " has no units");
    // A layer without weights says nothing of its size otherwise; the memory for it is a user's.
    if (numbers_ < Size(layer.units)) {
      fail_runtime(path_, ": layer ", l, " has ", layer.units, " units, and the file only ",
                   numbers_.value(), " numbers");
    }
    const Json& type = json_value(path_, "a layer", json, "type");
    if (l > 0) {
      layer.type = make_any_layer<S>(path_, l, json, layer.units);
      net_.is_recurrent_ = net_.is_recurrent_ || layer.type->has_memory;
    } else if (type != "Input") {
      fail_runtime(path_, ": expected an Input as first layer, got ", type.dump());
    }
    net_.layers_.push_back(layer);
  }

  void read_connections(std::size_t l, const Json& json) {
    const Json& list = json_value(path_, "a layer", json, "connections");
    if (!list.is_array()) fail_runtime(path_, ": layer ", l, " has no list of connections");
    AnyNetworkLayer& layer = net_.layers_[l];
    const auto target = static_cast<int>(l);
    for (const Json& entry : list) {
      const Connection c = read_connection(path_, entry, options_.longest_delay);
      check_connection(target, c);
      AnyNetworkLayer& source = net_.layers_[static_cast<std::size_t>(c.source)];
      source.history = (std::max)(source.history, c.delay);
      net_.is_recurrent_ = net_.is_recurrent_ || c.delay > 0;
      const Index rows = layer.type->weight_gates * layer.units;
      layer.blocks.push_back(
          {target, "", Block::Kind::Weights, c, rows, c.fan_in(source.units), 0});
    }
    const auto& always = layer.type->connections;
    for (std::size_t c = 0; c < always.size(); ++c) {
      const Connection* const own = c < layer.blocks.size() ? &layer.blocks[c].connection : nullptr;
      if (!own || own->source != always[c].source_of(target) || own->delay != always[c].delay) {
        fail_runtime(path_, ": layer ", l, " lacks the connection from layer ",
                     always[c].source_of(target), " over ", always[c].delay, " steps");
      }
    }
  }

  void check_connection(int target, const Connection& c) const {
    const bool exists = c.source < net_.layer_count();
    if (!exists || (c.delay == 0 && c.source >= target)) {
      fail_runtime(path_, ": layer ", target, " cannot have a connection from layer ", c.source,
                   " over ", c.delay, " steps");
    }
    const Index from = net_.layers_[static_cast<std::size_t>(c.source)].units;
    const Index to = net_.layers_[static_cast<std::size_t>(target)].units;
    const Index needed = c.weights == Weights::Lookup ? 1 : c.is_one_to_one() ? to : from;
    if (from != needed) {
      fail_runtime(path_, ": layer ", target, " has a connection (", name_of(c.weights),
                   ") from a layer of ", from, " units, expected ", needed);
    }
  }

  void read_parameters(std::size_t l, const Json& json) {
    AnyNetworkLayer& layer = net_.layers_[l];
    const AnyLayer<S>& type = *layer.type;
    const Index rows = type.weight_gates * layer.units;
    for (Block& block : layer.blocks) append(block);
    const auto read = [&](const char* key, Block::Kind kind, Index of_type, bool optional) {
      const auto found = json.find(key);
      const bool lacks = found == json.end();
      if (lacks ? of_type > 0 && !optional : *found != of_type) {
        fail_runtime(path_, ": layer ", l, ": ", key, " is ", lacks ? "none" : found->dump(),
                     ", expected ", of_type);
      }
      Block block{static_cast<int>(l), "", kind, {}, rows, lacks ? 0 : of_type, 0};
      append(block);
      return block;
    };
    const Block bias = read("bias_columns", Block::Kind::Bias, type.bias_columns, true);
    layer.net_bias.assign(static_cast<std::size_t>(type.net_gates * layer.units), S(0));
    if (bias.columns > 0) {
      type.gather_bias(w_.data() + bias.offset, layer.net_bias.data(), layer.units);
    }
    layer.own_offset = read("own_columns", Block::Kind::Own, type.own_columns, false).offset;
    read_start(l, json);
  }

  /// Reads the learnt state before the first step, if the layer has one.
  void read_start(std::size_t l, const Json& json) {
    const auto found = json.find("start_columns");
    if (found == json.end()) return;
    AnyNetworkLayer& layer = net_.layers_[l];
    const Index columns = layer.history + Index{layer.type->has_memory};
    if (columns == 0 || *found != columns) {
      fail_runtime(path_, ": layer ", l, ": start_columns is ", found->dump(), ", expected ",
                   columns == 0 ? "none" : std::to_string(columns));
    }
    Block block{static_cast<int>(l), "", Block::Kind::Start, {}, layer.units, columns, 0};
    append(block);
    layer.start_offset = block.offset;
    layer.learns_start = true;
  }

  /// Adds the numbers of a block to w.
  void append(Block& block) {
    block.offset = static_cast<Index>(w_.size());
    if (block.columns == 0) return;
    const std::vector<S> numbers = read_block<S>(file_, block, options_, epsilon_);
    w_.resize(w_.size() + numbers.size());
    copy_block(block, false, w_.data(), numbers.data());
  }

  void compare_example() {
    read_example(file_, net_.info_, net_.inputs(), net_.outputs());
    const Matrix<S> example = net_.info_.example.template cast<S>();
    AnyNetwork<S> perturbed = net_;
    perturb(perturbed.w_.data(), perturbed.w_.size(), epsilon_);
    for (AnyNetworkLayer& layer : perturbed.layers_) {
      perturb(layer.net_bias.data(), static_cast<Index>(layer.net_bias.size()), epsilon_);
    }
    const auto outputs_of = [&](const AnyNetwork<S>& net) -> Matrix<double> {
      return net.run(example, net.is_recurrent() ? example.cols() : 1).template cast<double>();
    };
    require_equal_outputs(path_, net_.info_.example_outputs, outputs_of(net_),
                          outputs_of(perturbed), epsilon_);
  }

  const TensorFile& file_;
  const std::string& path_;
  LoadOptions options_;
  AnyNetwork<S> net_;
  std::vector<S> w_;
  Size numbers_ = 0;  ///< of the file, which has at least one for each unit
  double epsilon_ = double{std::numeric_limits<S>::epsilon()};
};

}  // namespace detail

/// Reads a network whose type is not known at compile time.
///
///     const auto net = bf::load_any<float>("model.safetensors");
///
/// @throws std::runtime_error naming the file, for a damaged file, a layer or an activation that is
/// not the library's, or if the network's outputs differ from the stored ones;
/// std::invalid_argument for settings out of range, or a stored index without an entry
template <Real S>
[[nodiscard]] AnyNetwork<S> load_any(const std::string& path, const LoadOptions& options = {}) {
  const TensorFile file(path);
  return detail::AnyNetworkReader<S>(file, options).read();
}

BACKFOLD_END_NAMESPACE
