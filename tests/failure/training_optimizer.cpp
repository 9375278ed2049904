// SPDX-License-Identifier: MIT
// expect: the third argument of Training is an optimizer
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using O = Tanh;
#else
using O = Sgd;
#endif
double f(Mlp<double, Input<2>, Dense<1, Tanh>>& net, const Samples<double>& data) {
  return Training(net, HalfSquaredError{}, O{}, data).run_epoch();
}
