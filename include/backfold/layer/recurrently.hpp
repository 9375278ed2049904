// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/layer/initializer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// One initializer for the weights from a layer to itself (U of Recurrent, SelfRecurrent, Lstm,
/// Gru), another for all other weights and the biases.
///
///     net.initialize(Recurrently{Orthogonal{}, Glorot{}}, random);
///     net.initialize(Recurrently{Identity{}, Normal{0, 0.001}}, random);   // the IRNN
///
/// Each gate of a cell gets a matrix of its own from `recurrent`, units × units.
/// Source of the IRNN, with rectified units: Le, Jaitly & Hinton, A simple way to initialize
/// recurrent networks of rectified linear units (2015).
template <Initializer OfRecurrent, Initializer OfOthers>
struct Recurrently {
  OfRecurrent recurrent;
  OfOthers otherwise;

  template <BitGenerator64 G, class S>
  void fill(G& random, S* w, Index units, Index fan_in) const {
    otherwise.fill(random, w, units, fan_in);
  }
  template <BitGenerator64 G, class S>
  void fill_at(const WeightsPlace& place, G& random, S* w, Index rows, Index fan_in) const {
    if (!place.is_recurrent()) {
      return detail::fill_weights(otherwise, random, w, rows, fan_in, place);
    }
    const WeightsPlace of_gate{place.layer, place.connection, 1};
    const Index units = rows / place.gates;
    std::vector<double> gate(static_cast<std::size_t>(units * fan_in));
    for (Index first = 0; first < rows; first += units) {
      detail::fill_weights(recurrent, random, gate.data(), units, fan_in, of_gate);
      for (Index k = 0; k < units * fan_in; ++k) {
        w[k / units * rows + first + k % units] = static_cast<S>(gate[static_cast<std::size_t>(k)]);
      }
    }
  }
  template <BitGenerator64 G>
  double draw_bias(G& random) const requires requires(const OfOthers o) {
    o.draw_bias(random);
  }
  { return otherwise.draw_bias(random); }
};

template <class OfRecurrent, class OfOthers>
Recurrently(OfRecurrent, OfOthers) -> Recurrently<OfRecurrent, OfOthers>;

BACKFOLD_END_NAMESPACE
