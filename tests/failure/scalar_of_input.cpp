// SPDX-License-Identifier: MIT
// expect: the input is of another scalar than the network
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using S = float;
#else
using S = double;
#endif
auto y(const Mlp<double, Input<2>, Dense<1, Tanh>>& net, const Eigen::MatrixX<S>& x) {
  return net(x);
}
