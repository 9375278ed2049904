// SPDX-License-Identifier: MIT
// expect: backfold: this loss takes several outputs for each target
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
constexpr Index units = 3;
#else
constexpr Index units = 4;
#endif
using Net = Mlp<double, Input<2>, Dense<units, Linear>>;
double f(const Net& net, const Samples<double>& data, Workspace<Net>& workspace) {
  return loss_of(net, GaussianNll{}, data, workspace);
}
