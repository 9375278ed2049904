// SPDX-License-Identifier: MIT
// expect: another number of rows than the Input layer has units
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using X = Eigen::Vector3d;
#else
using X = Eigen::Vector2d;
#endif
Mlp<double, Input<2>, Dense<1, Tanh>> net;
auto y(const X& x) { return net(x); }
