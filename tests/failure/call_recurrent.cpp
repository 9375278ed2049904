// SPDX-License-Identifier: MIT
// expect: a recurrent network runs over sequences
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Elman<double, 2, 3, 1>;
#else
using Net = Mlp<double, Input<2>, Dense<1, Linear> >;
#endif
Net net;
auto y(const Eigen::Vector2d& x) { return net(x); }
