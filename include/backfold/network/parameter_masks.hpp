// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "backfold/core/error.hpp"
#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Mask with 1 for each parameter of the blocks that `chosen` accepts, 0 for all others.
/// @tparam S a parameter, so that only programs with masks compile its expressions
template <class Net, class Chosen, Real S = double>
Vector<S> mask_of(const Net& net, const Chosen& chosen) {
  Vector<S> mask = (Vector<S>::Zero)(net.parameter_count());
  for (const Block& block : blocks(net)) {
    if (chosen(block)) mask.segment(block.offset, block.size()).setOnes();
  }
  return mask;
}

/// The index of the layer with a Name.
/// @throws std::invalid_argument if there is none, in the name of the function `caller`
template <class Net>
int layer_named(const Net& net, std::string_view name, const char* caller) {
  for (const LayerDescription& layer : layers(net)) {
    if (!name.empty() && layer.label == name) return layer.layer;
  }
  fail_argument(caller, ": no layer has the name ", std::string(name));
}

}  // namespace detail

/// Mask with 1 for each weight of a connection and 0 for biases and layers' other own parameters:
/// the usual share of a penalty.
template <class Net>
[[nodiscard]] Vector<double> weights_mask(const Net& net) {
  return detail::mask_of(net, [](const Block& b) { return b.kind == Block::Kind::Weights; });
}

/// Mask with 1 for each parameter of a layer, including the weights into it, and 0 for all others.
///
/// @param layer its index; the input is 0
/// @throws std::invalid_argument for a layer that does not exist or has no parameters
template <class Net>
[[nodiscard]] Vector<double> layer_mask(const Net& net, int layer) {
  auto mask = detail::mask_of(net, [=](const Block& b) { return b.layer == layer; });
  if (mask.isZero(0)) fail_argument("layer_mask: layer ", layer, " has no parameters");
  return mask;
}

/// The mask of the layer with a Name.
/// @throws std::invalid_argument if there is none, or it has no parameters
template <class Net>
[[nodiscard]] Vector<double> layer_mask(const Net& net, std::string_view name) {
  return layer_mask(net, detail::layer_named(net, name, "layer_mask"));
}

/// Mask with 1 for each weight of one connection and 0 for all other parameters: what freezes the
/// recurrent weights of a layer, or lets nothing else learn.
///
///     bf::connection_mask(net, 1, 1)   // of Dense<8, Tanh, Recurrent<>>: U; 0 is W, from below
///
/// @param layer its index; the input is 0
/// @param connection its index among those into the layer, as of `net.weights<layer, connection>()`
/// @throws std::invalid_argument for a connection that does not exist or has no weights
template <class Net>
[[nodiscard]] Vector<double> connection_mask(const Net& net, int layer, int connection) {
  const auto list = layers(net);
  const bool exists = layer >= 0 && static_cast<std::size_t>(layer) < list.size();
  const std::size_t count = exists ? list[static_cast<std::size_t>(layer)].connections.size() : 0;
  if (connection < 0 || static_cast<std::size_t>(connection) >= count) {
    fail_argument("connection_mask: no connection ", connection, " among the ", count,
                  " into layer ", layer);
  }
  const auto& into = list[static_cast<std::size_t>(layer)].connections;
  const auto has_weights = [](const Connection& c) { return c.weights != Weights::Identity; };
  if (!has_weights(into[static_cast<std::size_t>(connection)])) {
    fail_argument("connection_mask: connection ", connection, " into layer ", layer,
                  " has no weights");
  }
  // A layer's blocks of weights are those of its connections in order, the ones without left out.
  auto place = std::count_if(into.begin(), into.begin() + connection, has_weights);
  return detail::mask_of(net, [&](const Block& b) {
    return b.layer == layer && b.kind == Block::Kind::Weights && place-- == 0;
  });
}

/// The mask of a connection into the layer with a Name.
/// @throws std::invalid_argument if there is none, or it has no weights
template <class Net>
[[nodiscard]] Vector<double> connection_mask(const Net& net, std::string_view name,
                                             int connection) {
  return connection_mask(net, detail::layer_named(net, name, "connection_mask"), connection);
}

BACKFOLD_END_NAMESPACE
