// SPDX-License-Identifier: MIT
// expect: backfold: the gradient is constant
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using G = const Eigen::VectorXd;
#else
using G = Eigen::VectorXd;
#endif
using Net = Mlp<double, Input<2>, Dense<1, Tanh>>;
auto e(const Net& net, const Samples<double>& data, Workspace<Net>& workspace, G& g) {
  return gradient(net, HalfSquaredError{}, data, workspace, g);
}
