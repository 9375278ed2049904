// SPDX-License-Identifier: MIT
// expect: this temporary matrix dies before it is used
#include <backfold/backfold.hpp>
#include <vector>
using namespace backfold;
Eigen::MatrixXd made(Index rows) { return Eigen::MatrixXd::Ones(rows, 6); }
const Eigen::MatrixXd X = made(2), Z = made(1);
std::vector<double> weights(6);
#ifdef MISUSE
const Samples data(X, Z, std::vector<double>(6));
#else
const Samples data(X, Z, weights);
#endif
