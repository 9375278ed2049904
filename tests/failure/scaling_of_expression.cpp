// SPDX-License-Identifier: MIT
// expect: give a matrix, a Map or a Block, not an expression
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
Scaling scaling(const Eigen::MatrixXd& x) { return Scaling(2 * x); }
#else
Scaling scaling(const Eigen::MatrixXd& x) { return Scaling(x.leftCols(5)); }
#endif
