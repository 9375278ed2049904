// SPDX-License-Identifier: MIT
// expect: data must be of the network's scalar
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using S = float;
#else
using S = double;
#endif
History f(Elman<double, 2, 3, 1>& net, const Windows<S>& data) {
  return fit(net, HalfSquaredError{}, Sgd{}, data);
}
