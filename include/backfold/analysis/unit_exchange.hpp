// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>
#include <utility>

#include "backfold/analysis/hidden_units.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

inline void check_permutation(Index units, const std::vector<Index>& permutation) {
  if (static_cast<Index>(permutation.size()) != units) {
    fail_argument("symmetry: the permutation has ", permutation.size(), " places, the layer ",
                  units, " units");
  }
  std::vector<bool> seen(permutation.size(), false);
  for (const Index unit : permutation) {
    if (unit < 0 || unit >= units || seen[HiddenUnits::at(unit)]) {
      fail_argument("symmetry: a permutation of ", units, " units names each of 0 to ", units - 1,
                    " once, got ", unit, unit < 0 || unit >= units ? "" : " twice");
    }
    seen[HiddenUnits::at(unit)] = true;
  }
}

template <class Net, class V>
typename V::Scalar* numbers_like_w(const Net& net, Eigen::PlainObjectBase<V>& numbers) {
  static_assert(V::IsVectorAtCompileTime, "backfold: expected a vector with the layout of w");
  if (numbers.size() != net.parameter_count()) {
    fail_argument("symmetry: the network has ", net.parameter_count(),
                  " parameters, the vector holds ", numbers.size());
  }
  return numbers.data();
}

/// @return true, for use in a static_assert, so that its own messages come before other errors
template <class Net, int L>
constexpr bool static_check_hidden() {
  static_assert(0 < L && L < Net::output_layer,
                "backfold: this layer is not hidden: inputs and outputs have no symmetries");
  return true;
}

template <class Net, int L>
constexpr bool static_check_negation() {
  static_assert(static_check_hidden<Net, L>());
  static_assert(symmetry_of<typename Net::ArchitectureType::template LayerType<L>>() ==
                    UnitSymmetry::ExchangeAndNegate,
                "backfold: a unit of this layer cannot change its sign: that takes an activation "
                "with is_odd, as Tanh or Linear");
  return true;
}

}  // namespace detail

/// Changes the sign of the output of hidden unit `unit`: its incoming weights, its bias and its
/// outgoing weights are negated. Since φ(−net) = −φ(net), f does not change. A weight from the unit
/// to itself does not change.
///
/// The unit's outputs in a State change their sign too. Allocates (a description of the
/// network), as all functions of analysis/ do.
///
/// Source: Hecht-Nielsen, On the algebraic structure of feedforward network weight spaces (1990).
///
/// @param layer a hidden layer whose activation is odd: Tanh, Linear, or your own with is_odd
/// @param numbers the network's parameters, or a vector with their layout: a gradient, or the state
/// of an optimizer, which follows the parameters
/// @throws std::invalid_argument for a layer or unit without this symmetry, or a wrong length
template <Real S, class... Layers, class V>
void negate_unit(const Network<S, Layers...>& net, int layer, Index unit,
                 Eigen::PlainObjectBase<V>& numbers) {
  const detail::HiddenUnits hidden(net);
  hidden.check_can_negate(layer);
  hidden.check_unit(layer, unit);
  hidden.negate(layer, unit, detail::numbers_like_w(net, numbers));
}
template <Real S, class... Layers>
void negate_unit(Network<S, Layers...>& net, int layer, Index unit) {
  negate_unit(net, layer, unit, net.parameters());
}
/// For a layer known at compile time.
template <int L, class Net>
void negate_unit(Net& net, Index unit) {
  static_assert(detail::static_check_negation<Net, L>());
  negate_unit(net, L, unit);
}

/// Permutes the units of a hidden layer: unit permutation[i] moves to place i, with its incoming
/// weights, its bias and its outgoing weights. f changes only by rounding. The recurrent matrix is
/// permuted on both sides, in each gate of a cell.
///
/// If you keep a State, permute the layer's outputs and memories in it too.
///
/// @param layer a hidden layer: Dense with an elementwise activation or Softmax, Lstm, Gru, or one
/// that declares its unit_symmetry
/// @param numbers the network's parameters, or a vector with their layout
/// @throws std::invalid_argument for a layer without this symmetry, indices that are not a
/// permutation, or a wrong length
template <Real S, class... Layers, class V>
void permute_units(const Network<S, Layers...>& net, int layer,
                   const std::vector<Index>& permutation, Eigen::PlainObjectBase<V>& numbers) {
  const detail::HiddenUnits hidden(net);
  hidden.check_can_exchange(layer);
  detail::check_permutation(hidden.units(layer), permutation);
  hidden.permute(layer, permutation, detail::numbers_like_w(net, numbers));
}
template <Real S, class... Layers>
void permute_units(Network<S, Layers...>& net, int layer, const std::vector<Index>& permutation) {
  permute_units(net, layer, permutation, net.parameters());
}
/// For a layer known at compile time.
template <int L, class Net>
void permute_units(Net& net, const std::vector<Index>& permutation) {
  static_assert(detail::static_check_hidden<Net, L>());
  permute_units(net, L, permutation);
}

/// Exchanges two units of a hidden layer; see permute_units.
template <Real S, class... Layers, class V>
void exchange_units(const Network<S, Layers...>& net, int layer, Index a, Index b,
                    Eigen::PlainObjectBase<V>& numbers) {
  const detail::HiddenUnits hidden(net);
  hidden.check_can_exchange(layer);
  hidden.check_unit(layer, a);
  hidden.check_unit(layer, b);
  std::vector<Index> order(hidden.at(hidden.units(layer)));
  std::iota(order.begin(), order.end(), Index{0});
  std::swap(order[hidden.at(a)], order[hidden.at(b)]);
  hidden.permute(layer, order, detail::numbers_like_w(net, numbers));
}
template <Real S, class... Layers>
void exchange_units(Network<S, Layers...>& net, int layer, Index a, Index b) {
  exchange_units(net, layer, a, b, net.parameters());
}
/// For a layer known at compile time.
template <int L, class Net>
void exchange_units(Net& net, Index a, Index b) {
  static_assert(detail::static_check_hidden<Net, L>());
  exchange_units(net, L, a, b);
}

BACKFOLD_END_NAMESPACE
