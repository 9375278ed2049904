// SPDX-License-Identifier: MIT
// expect: backfold: the gradient or d_inputs has a fixed size
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using G = Eigen::Matrix<double, 4, 1>;
#else
using G = Eigen::Matrix<double, 3, 1>;
#endif
using Net = Mlp<double, Input<2>, Dense<1, Tanh>>;
auto e(const Net& net, const Samples<double>& data, Workspace<Net>& workspace, G& g) {
  return gradient(net, HalfSquaredError{}, data, workspace, g);
}
