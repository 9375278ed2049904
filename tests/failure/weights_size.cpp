// SPDX-License-Identifier: MIT
// expect: backfold: what is assigned to this view has another size
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using W = Eigen::Matrix<double, 2, 3>;
#else
using W = Eigen::Matrix<double, 3, 2>;
#endif
void set(Mlp<double, Input<2>, Dense<3, Tanh>>& net, const W& w) { net.weights<1>() = w; }
