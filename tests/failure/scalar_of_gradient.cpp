// SPDX-License-Identifier: MIT
// expect: data must be of the network's scalar
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using S = float;
#else
using S = double;
#endif
using Net = Mlp<double, Input<2>, Dense<1, Tanh>>;
double e(const Net& net, Workspace<Net>& workspace, const Samples<S>& data) {
  return loss_of(net, HalfSquaredError{}, data, workspace);
}
