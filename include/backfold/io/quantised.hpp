// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/io/export_checks.hpp"
#include "backfold/io/weight_format.hpp"

/// Not in backfold.hpp: only programs that export networks need it.

BACKFOLD_BEGIN_NAMESPACE

/// A copy of a network with the weights that a header of this format stores, so its outputs equal
/// the header's up to rounding:
///
///     w_ij ← s_i round(w_ij/s_i),  s_i = max_j |w_ij| / 127 for Int8, / 32767 for Q15,
///
/// for each row i of each weight matrix. Biases, other own parameters and a learnt start are
/// unchanged, as are matrices that integers and scales would not make smaller, such as the weights
/// of a diagonal connection or of a single input.
///
/// @throws std::invalid_argument for parameters that are not finite
template <Real S, class... Layers>
[[nodiscard]] Network<S, Layers...> quantised(const Network<S, Layers...>& net,
                                              WeightFormat format) {
  detail::check_finite_parameters("quantised", net);
  Network<S, Layers...> result = net;
  S* const w = result.parameters().data();
  for (const Block& block : blocks(net)) {
    if (!detail::has_integers<S>(block, format)) continue;
    const auto weights = detail::integer_weights(block, net.parameters().data(), format);
    for (Index i = 0; i < block.rows; ++i) {
      const S scale = weights.scales[static_cast<std::size_t>(i)];
      for (Index j = 0; j < block.columns; ++j) {
        const int integer = weights.integers[static_cast<std::size_t>(i * block.columns + j)];
        w[block.offset + j * block.rows + i] = scale * static_cast<S>(integer);
      }
    }
  }
  return result;
}

BACKFOLD_END_NAMESPACE
