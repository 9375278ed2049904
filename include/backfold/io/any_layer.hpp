// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "backfold/activation/activate.hpp"
#include "backfold/activation/elu.hpp"
#include "backfold/activation/gelu.hpp"
#include "backfold/activation/leaky_relu.hpp"
#include "backfold/activation/linear.hpp"
#include "backfold/activation/relu.hpp"
#include "backfold/activation/sigmoid.hpp"
#include "backfold/activation/silu.hpp"
#include "backfold/activation/softmax.hpp"
#include "backfold/activation/softplus.hpp"
#include "backfold/activation/tanh.hpp"
#include "backfold/core/array.hpp"
#include "backfold/io/json.hpp"
#include "backfold/layer/dense.hpp"
#include "backfold/layer/dropout.hpp"
#include "backfold/layer/gru.hpp"
#include "backfold/layer/layer.hpp"
#include "backfold/layer/layer_norm.hpp"
#include "backfold/layer/lstm.hpp"
#include "backfold/layer/min_gru.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A layer whose type is chosen at run time, with Dynamic units: its forward step and its shape.
template <Real S>
class AnyLayer {
 public:
  virtual ~AnyLayer() = default;
  virtual void forward(const LayerStep<S>& at) const = 0;
  [[nodiscard]] virtual PartList parts(int connection) const = 0;
  /// The bias of each row of the net input, from the bias columns.
  virtual void gather_bias(const S* bias, S* net_bias, Index units) const = 0;

  int net_gates = 1, weight_gates = 1, bias_columns = 0, own_columns = 0;
  bool has_memory = false;
  std::vector<Connection> connections;  ///< connections that every layer of the type has
};

template <class L, Real S>
class AnyLayerOf final : public AnyLayer<S> {
 public:
  explicit AnyLayerOf(const L& layer) : layer_(layer) {
    this->net_gates = detail::net_gates<L>();
    this->weight_gates = detail::weight_gates<L>();
    this->bias_columns = L::bias_columns;
    this->own_columns = detail::own_columns<L>();
    this->has_memory = detail::has_memory<L>();
    this->connections.assign(L::connections.begin(), L::connections.end());
  }

  void forward(const LayerStep<S>& at) const override {
    if constexpr (fuses_activation<L>) {
      activate<Dynamic>(layer_.activation(), at.net, at.output, at.units, at.n);
    } else {
      run_forward(layer_, at);
    }
  }
  [[nodiscard]] PartList parts(int connection) const override {
    return listed_parts<L>(connection);
  }
  void gather_bias(const S* bias, S* net_bias, Index units) const override {
    if constexpr (GathersBias<L>) {
      layer_.gather_bias(bias, net_bias, units);
    } else {
      copy_numbers(bias, net_bias, detail::net_gates<L>() * units);
    }
  }

 private:
  L layer_;
};

/// Sets the settings of an activation or a layer from a file, which must list exactly these.
template <class T>
void read_settings(const std::string& path, int layer, const Json& json, T& object) {
  const auto found = json.find("settings");
  const Json settings = found == json.end() ? Json::object() : *found;
  std::size_t known = 0;
  for_each_setting(object, [&](const char* name, auto& value) {
    const auto setting = settings.find(name);
    if (setting == settings.end() || !setting->is_number()) {
      fail_runtime(path, ": layer ", layer, ": expected the setting ", name, ", got ",
                   settings.dump());
    }
    value = setting->template get<std::remove_cvref_t<decltype(value)>>();
    ++known;
  });
  if (!settings.is_object() || settings.size() != known) {
    fail_runtime(path, ": layer ", layer, ": has other settings than its type, ", settings.dump());
  }
  check_settings(object);
}

template <Real S>
using AnyLayerPointer = std::shared_ptr<const AnyLayer<S>>;

/// A layer of type L if the file names it, else null.
template <class L, Real S>
AnyLayerPointer<S> any_layer_if(const std::string& path, int index, const Json& json, Index units) {
  if (json_text(path, "type", json_value(path, "a layer", json, "type")) != L::name) return nullptr;
  L layer(units);
  read_settings(path, index, json, layer);
  return std::make_shared<AnyLayerOf<L, S>>(layer);
}
/// A Dense with activation A if the file names it, else null.
template <class A, Real S>
AnyLayerPointer<S> any_dense_if(const std::string& path, int index, const Json& json, Index units) {
  if (json_text(path, "activation", json_value(path, "a Dense", json, "activation")) != A::name) {
    return nullptr;
  }
  A activation;
  read_settings(path, index, json, activation);
  using L = Dense<Dynamic, A>;
  return std::make_shared<AnyLayerOf<L, S>>(L(units, activation));
}

/// The first non-null of layers of these types.
template <Real S, class... Ls>
AnyLayerPointer<S> any_layer_of(const std::string& path, int index, const Json& json, Index units) {
  AnyLayerPointer<S> layer;
  (void)((layer = any_layer_if<Ls, S>(path, index, json, units)) || ...);
  return layer;
}
template <Real S, class... As>
AnyLayerPointer<S> any_dense_of(const std::string& path, int index, const Json& json, Index units) {
  AnyLayerPointer<S> layer;
  (void)((layer = any_dense_if<As, S>(path, index, json, units)) || ...);
  return layer;
}

/// A layer made from its description in a file.
/// @throws std::runtime_error for a type or an activation that is not the library's,
/// std::invalid_argument for settings out of range
template <Real S>
AnyLayerPointer<S> make_any_layer(const std::string& path, int index, const Json& json,
                                  Index units) {
  const bool is_dense = json_value(path, "a layer", json, "type") == "Dense";
  const auto layer =
      is_dense ? any_dense_of<S, Linear, Sigmoid, Tanh, Relu, LeakyRelu, Elu, Gelu, Silu, Softplus,
                              Softmax>(path, index, json, units)
               : any_layer_of<S, Lstm<Dynamic>, Gru<Dynamic>, MinGru<Dynamic>, LayerNorm<Dynamic>,
                              Dropout<Dynamic>>(path, index, json, units);
  if (layer == nullptr) {
    fail_runtime(path, ": layer ", index, " is ", json["type"].dump(), " ",
                 json.value("activation", Json("")).dump(),
                 ", which can be loaded only into a network of its type");
  }
  return layer;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
