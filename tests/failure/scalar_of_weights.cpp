// SPDX-License-Identifier: MIT
// expect: weights are of another scalar than the data
#include <backfold/backfold.hpp>
using namespace backfold;
const Eigen::MatrixXf X(2, 6), Z(1, 6);
#ifdef MISUSE
const Eigen::VectorXd weights(6);
#else
const Eigen::VectorXf weights(6);
#endif
const Samples data(X, Z, weights);
