// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "backfold/core/error.hpp"
#include "backfold/network/describe.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Mask with 1 for each weight of a connection and 0 for biases and layers' other own parameters:
/// the usual share of a penalty.
template <class Net>
[[nodiscard]] Vector<double> weights_mask(const Net& net) {
  Vector<double> mask = (Vector<double>::Zero)(net.parameter_count());
  for (const Block& block : blocks(net)) {
    if (block.kind == Block::Kind::Weights) mask.segment(block.offset, block.size()).setOnes();
  }
  return mask;
}

/// Mask with 1 for each parameter of a layer, including the weights into it, and 0 for all others.
///
/// @param layer its index; the input is 0
/// @throws std::invalid_argument for a layer that does not exist or has no parameters
template <class Net>
[[nodiscard]] Vector<double> layer_mask(const Net& net, int layer) {
  Vector<double> mask = (Vector<double>::Zero)(net.parameter_count());
  for (const Block& block : blocks(net)) {
    if (block.layer == layer) mask.segment(block.offset, block.size()).setOnes();
  }
  if (mask.isZero(0)) fail_argument("layer_mask: layer ", layer, " has no parameters");
  return mask;
}

/// The mask of the layer with a Name.
/// @throws std::invalid_argument if there is none, or it has no parameters
template <class Net>
[[nodiscard]] Vector<double> layer_mask(const Net& net, std::string_view name) {
  for (const LayerDescription& layer : layers(net)) {
    if (!name.empty() && layer.label == name) return layer_mask(net, layer.layer);
  }
  fail_argument("layer_mask: no layer has the name ", std::string(name));
}

BACKFOLD_END_NAMESPACE
