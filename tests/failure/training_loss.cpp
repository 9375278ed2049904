// SPDX-License-Identifier: MIT
// expect: the second argument of Training is a loss
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using L = Tanh;
#else
using L = HalfSquaredError;
#endif
double f(Mlp<double, Input<2>, Dense<1, Tanh>>& net, const Samples<double>& data) {
  return Training(net, L{}, Sgd{}, data).run_epoch();
}
