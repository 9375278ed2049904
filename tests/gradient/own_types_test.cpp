// SPDX-License-Identifier: MIT
#include "combinations.hpp"

// Types of a user's own go through the same laws as the library's.

namespace {

namespace bf = backfold;

/// net − net³/6: not monotone, so that its derivative needs the net input.
struct Cubic {
  template <class V>
  V value(const V& net) const {
    return net * (1 - net * net / 6);
  }
  template <class V>
  V derivative(const V& net, const V&) const {
    return 1 - net * net / 2;
  }
};

/// Each unit less the mean of its layer.
struct Centred {
  template <class S>
  void apply(S* x, bf::Index units) const {
    S mean(0);
    for (bf::Index i = 0; i < units; ++i) mean += x[i] / static_cast<S>(units);
    for (bf::Index i = 0; i < units; ++i) x[i] -= mean;
  }
  template <class S>
  void multiply_by_derivative(const S*, S* delta, bf::Index units) const {
    apply(delta, units);  // its Jacobian is symmetric, and a projection
  }
};

struct Cubed {
  template <class V>
  V value(const V& y, const V& z) const {
    return square(y - z) * abs(y - z);
  }
  template <class V>
  V derivative(const V& y, const V& z) const {
    return 3 * (y - z) * abs(y - z);
  }
};

template <class A>
void is_right() {
  CHECK(bf::check_activation(A{}).ok());
  combinations::check(typename combinations::Nets<A>::Skipping(), Cubed{});
}

}  // namespace

TEST_CASE("activations and a loss of a user's own are differentiated as the library's") {
  CHECK(bf::check_loss(Cubed{}).ok());
  is_right<Cubic>();
  is_right<Centred>();
}
