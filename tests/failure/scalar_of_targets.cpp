// SPDX-License-Identifier: MIT
// expect: inputs and targets are of different scalars
#include <backfold/backfold.hpp>
using namespace backfold;
const Eigen::MatrixXf X(2, 6);
#ifdef MISUSE
const Eigen::MatrixXd Z(1, 6);
#else
const Eigen::MatrixXf Z(1, 6);
#endif
const Samples data(X, Z);
