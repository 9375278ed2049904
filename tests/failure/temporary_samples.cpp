// SPDX-License-Identifier: MIT
// expect: this temporary matrix dies before it is used
#include <backfold/backfold.hpp>
using namespace backfold;
Eigen::MatrixXd made(Index rows) { return Eigen::MatrixXd::Ones(rows, 6); }
const Eigen::MatrixXd X = made(2), Z = made(1);
#ifdef MISUSE
const Samples data(made(2), made(1));
#else
const Samples data(X, Z);
#endif
