// SPDX-License-Identifier: MIT
// expect: this temporary matrix dies before it is used
#include <backfold/backfold.hpp>
using namespace backfold;
Eigen::MatrixXd made(Index rows) { return Eigen::MatrixXd::Ones(rows, 6); }
const Eigen::MatrixXd X = made(2), Z = made(1);
#ifdef MISUSE
const Windows data(X.leftCols(3).eval(), Z, {.length = 2});
#else
const Windows data(X.leftCols(6), Z, {.length = 2});
#endif
