// SPDX-License-Identifier: MIT
// expect: fit_kalman takes no loss: a Kalman filter minimises half squared errors
#include <backfold/backfold.hpp>
#include <backfold/second_order/fit_kalman.hpp>
using namespace backfold;
using Net = Mlp<double, Input<2>, Dense<3, Softmax>>;
void f(Net& net, const Samples<double>& data) {
#ifdef MISUSE
  fit_kalman(net, CategoricalCrossEntropy{}, data);
#else
  fit_kalman(net, data);
#endif
}
