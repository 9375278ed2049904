// SPDX-License-Identifier: MIT
// expect: give one that is not const
#include <backfold/backfold.hpp>
using namespace backfold;
using Net = Mlp<double, Input<2>, Dense<1, Tanh>>;
#ifdef MISUSE
using Given = const Net;
#else
using Given = Net;
#endif
double f(Given& net, const Samples<double>& data) {
  return Training(net, HalfSquaredError{}, Sgd{}, data).run_epoch();
}
