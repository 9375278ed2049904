// SPDX-License-Identifier: MIT
// expect: the input is of another scalar than the network
#include <backfold/analysis/jacobian.hpp>
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using S = float;
#else
using S = double;
#endif
using Net = Mlp<double, Input<2>, Dense<3, Tanh>>;
void derive(const Net& net, const Matrix<S>& X, Matrix<double>& J) {
  Jacobian<Net>(net).by_inputs(net, X, J);
}
