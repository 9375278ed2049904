// SPDX-License-Identifier: MIT
// expect: backfold: a unit of this layer cannot change its sign
#include <backfold/analysis/symmetry.hpp>
#include <backfold/backfold.hpp>
using namespace backfold;
struct Shifted : Tanh {
  template <class V>
  V value(const V& net) const {
    return tanh(net) + 1;
  }
};
#ifdef MISUSE
using Hidden = Shifted;
#else
using Hidden = Tanh;
#endif
void negate(Mlp<double, Input<2>, Dense<3, Hidden>, Dense<1, Linear>>& net) {
  negate_unit<1>(net, 0);
}
