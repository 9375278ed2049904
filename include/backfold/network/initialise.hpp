// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/random.hpp"
#include "backfold/layer/initializer.hpp"
#include "backfold/network/architecture.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Compiled once for all layers.
template <class Init, class Generator, Real S>
BACKFOLD_NO_INLINE void fill_connection(const Init& initializer, Generator& random, S* w,
                                        Index units, Index fan_in, const WeightsPlace& place) {
  fill_weights(initializer, random, w, units, fan_in, place);
}

template <Real S, class Init, class Generator>
S bias_of(const Init& initializer, [[maybe_unused]] Generator& random) {
  if constexpr (requires { initializer.draw_bias(random); }) {
    return static_cast<S>(initializer.draw_bias(random));
  } else {
    return S(0);
  }
}

/// Draws the weights of layer L in w, connection by connection, and its bias; its own parameters
/// and its learnt start get their initial values.
template <int L, class Arch, Real S, class Init, class Generator>
void initialise_layer(const Arch& architecture, S* w, const Init& initializer, Generator& random) {
  using Type = typename Arch::template LayerType<L>;
  const Index rows = architecture.template block_rows<L>();
  for_each_index<Arch::template connection_count<L>>([&](auto c) {
    S* const weights = w + architecture.template weights_offset<L, c()>();
    const Index fan_in = architecture.template fan_in<L, c()>();
    constexpr Connection connection = Type::connections[c()];
    constexpr WeightsPlace place{
        L,
        {connection.source_of(L), connection.delay, connection.weights, connection.entries},
        weight_gates<Type>()};
    if constexpr (connection.weights == Weights::Lookup) {
      // Fills column by column with a fan-in of 1, since a lookup adds one number to each unit.
      for (Index j = 0; j < fan_in; ++j) {
        fill_connection(initializer, random, weights + j * rows, rows, 1, place);
      }
    } else if (fan_in > 0) {
      fill_connection(initializer, random, weights, rows, fan_in, place);
    }
  });
  S* const bias = w + architecture.template bias_offset<L>();
  for (Index i = 0; i < rows * Type::bias_columns; ++i) bias[i] = bias_of<S>(initializer, random);
  const auto& layer = architecture.template layer<L>();
  if constexpr (requires { layer.initialise_bias(bias, rows); }) {
    layer.initialise_bias(bias, architecture.template units<L>());
  }
  if constexpr (own_columns<Type>() > 0) {
    layer.initialise_own(w + architecture.template own_offset<L>(),
                         architecture.template units<L>());
  }
  const Index starts = Arch::Graph::start_columns(L) * architecture.template units<L>();
  S* const start = w + architecture.template start_offset<L>();
  for (Index i = 0; i < starts; ++i) start[i] = S(0);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
