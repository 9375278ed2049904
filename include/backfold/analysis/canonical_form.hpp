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

/// Brings w into the form that represents all equivalent networks: those that exchanges and
/// changes of sign make of each other all come to the same w, bit by bit.
///
/// Layer by layer, from the first hidden one: v are the settled numbers of a unit, its bias and its
/// weights from and to layers that are in order already (inputs, outputs, layers before), and
/// p = Σ c_k v_k, with fixed c_k in [1, 2), no two alike. First each unit of an odd activation is
/// negated if p < 0; then the units are ordered by p, with the weight from a unit to itself added.
/// One sum over all numbers rather than one number decides, so that rounding does not change the
/// order where some weights are equal, or all biases 0.
///
/// Ties in p are broken by v, number by number, then by the magnitudes of the other weights. Units
/// that are equal in all of these keep their order: they are exchanged without any effect, or
/// differ only in weights between layers not yet in order; then equivalent networks may have
/// different forms. So may networks that are equivalent only to rounding, if two units or a
/// unit and its negative differ by less. `equivalent` sees both.
///
/// Calling it again changes nothing; f stays to rounding.
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
