// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "backfold/analysis/unit_key.hpp"
#include "backfold/core/finite.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Brings w into canonical form, layer by layer.
class CanonicalForm {
 public:
  CanonicalForm(const HiddenUnits& hidden, double* w)
      : hidden_(hidden), w_(w), settled_(static_cast<std::size_t>(hidden.layer_count())) {
    for (int layer = 0; layer < hidden.layer_count(); ++layer) {
      settled_[at(layer)] = !hidden.can_exchange(layer);
    }
  }

  void run() {
    for (int layer = 1; layer < hidden_.layer_count() - 1; ++layer) {
      if (!hidden_.can_exchange(layer)) continue;
      if (hidden_.can_negate(layer)) {
        for (Index unit = 0; unit < hidden_.units(layer); ++unit) {
          if (key(layer, unit).is_negative()) hidden_.negate(layer, unit, w_);
        }
      }
      sort_units(layer);
      settled_[at(layer)] = true;
    }
  }

 private:
  static std::size_t at(Index i) { return HiddenUnits::at(i); }

  void sort_units(int layer) {
    std::vector<UnitKey> keys;
    std::vector<Index> order(at(hidden_.units(layer)));
    std::iota(order.begin(), order.end(), Index{0});
    for (const Index unit : order) keys.push_back(key(layer, unit));
    std::stable_sort(order.begin(), order.end(),
                     [&](Index a, Index b) { return keys[at(a)] < keys[at(b)]; });
    hidden_.permute(layer, order, w_);
  }

  [[nodiscard]] UnitKey key(int layer, Index unit) const {
    return UnitKeys(hidden_, w_, settled_).of(layer, unit);
  }

  const HiddenUnits& hidden_;
  double* w_;
  std::vector<bool> settled_;
};

}  // namespace detail

/// Brings w into canonical form: networks that differ by exchanges and sign changes of hidden units
/// get bitwise equal w.
///
/// Layer by layer, from the first hidden one: v are the settled numbers of a unit, namely its bias
/// and its weights from and to layers that are already ordered (inputs, outputs, earlier layers),
/// and p = Σ c_k v_k with fixed, distinct c_k in [1, 2). First, each unit of an odd activation is
/// negated if p < 0; then the units are ordered by p, with the weight from a unit to itself added.
/// The order depends on a sum over all numbers and not on a single one, so rounding does not change
/// it if some weights are equal or all biases are 0.
///
/// Ties in p are broken by v, number by number, then by the magnitudes of the other weights. Units
/// that are equal in all of these keep their order. Either exchanging them has no effect, or they
/// differ only in weights between layers that are not yet ordered; in that case equivalent networks
/// may get different forms. So may networks that are equivalent only up to rounding, if two units,
/// or a unit and its negative, differ by less than that. `equivalent` handles both cases.
///
/// The function is idempotent; f changes only by rounding.
///
/// @throws std::invalid_argument for a hidden layer that does not declare its symmetry, or
/// parameters that are not finite
template <Real S, class... Layers>
void canonicalise(Network<S, Layers...>& net) {
  const detail::HiddenUnits hidden(net);
  hidden.check_layers();
  if (!all_finite(net.parameters().data(), net.parameter_count())) {
    fail_argument("canonicalise: the network has parameters that are not finite");
  }
  Vector<double> w = net.parameters().template cast<double>();
  detail::CanonicalForm(hidden, w.data()).run();
  net.parameters() = (w.array() + 0.0).matrix().template cast<S>();  // −0 becomes 0
}

BACKFOLD_END_NAMESPACE
