// SPDX-License-Identifier: MIT
// expect: backfold: a layer has either activation\(\) or forward\(\)
#include <backfold/backfold.hpp>
using namespace backfold;
struct Own : Dense<2, Tanh> {
#ifdef MISUSE
  template <Real S>
  void forward(const LayerStep<S>& at) const {
    for (Index i = 0; i < at.units * at.n; ++i) at.output[i] = 2 * at.net[i];
  }
#endif
};
Mlp<double, Input<2>, Own> net;
