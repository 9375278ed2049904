// SPDX-License-Identifier: MIT
// expect: of the network's scalar
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using S = float;
#else
using S = double;
#endif
double f(Mlp<double, Input<2>, Dense<1, Tanh>>& net, const Samples<S>& data) {
  return Training(net, HalfSquaredError{}, Sgd{}, data).run_epoch();
}
