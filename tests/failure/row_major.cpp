// SPDX-License-Identifier: MIT
// expect: copy a row-major one
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using X = Eigen::Matrix<double, -1, -1, Eigen::RowMajor>;
#else
using X = Eigen::MatrixXd;
#endif
Mlp<double, Input<2>, Dense<1, Tanh>> net;
auto y(const X& x) { return net(x); }
