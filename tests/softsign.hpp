// SPDX-License-Identifier: MIT
#pragma once

/// An activation of a user's.
struct Softsign {
  template <class V>
  V value(const V& net) const {
    return net / (1 + abs(net));
  }
  template <class V>
  V derivative(const V& x) const {
    return square(1 - abs(x));
  }
};
