// SPDX-License-Identifier: MIT
// expect: backfold: parameters are an expression
#include <backfold/backfold.hpp>
using namespace backfold;
using Net = Mlp<double, Input<2>, Dense<1, Tanh>>;
auto e(const Net& net, const Samples<double>& data, Workspace<Net>& workspace) {
  const Eigen::VectorXd w = net.parameters();
#ifdef MISUSE
  return loss_of(net, HalfSquaredError{}, data, workspace, {.parameters = 2 * w});
#else
  return loss_of(net, HalfSquaredError{}, data, workspace, {.parameters = w});
#endif
}
