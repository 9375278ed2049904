// SPDX-License-Identifier: MIT
// expect: the input is of another scalar than the network
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using S = float;
#else
using S = double;
#endif
using Net = Elman<double, 2, 3, 1>;
auto y(const Net& net, State<Net>& state, const Eigen::MatrixX<S>& x) {
  return step(net, x, state);
}
