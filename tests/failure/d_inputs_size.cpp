// SPDX-License-Identifier: MIT
// expect: backfold: the gradient or d_inputs has a fixed size
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using D = Eigen::Matrix<double, 3, Dynamic>;
#else
using D = Eigen::Matrix<double, 2, Dynamic>;
#endif
using Net = Mlp<double, Input<2>, Dense<1, Tanh>>;
auto e(const Net& net, const Samples<double>& data, Workspace<Net>& workspace, Eigen::VectorXd& g,
       D& d) {
  return gradient_with_inputs(net, HalfSquaredError{}, data, workspace, g, d);
}
