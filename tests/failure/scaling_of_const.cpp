// SPDX-License-Identifier: MIT
// expect: the result of a scaling must be writable
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using X = const Eigen::MatrixXd;
#else
using X = Eigen::MatrixXd;
#endif
void scale(const Scaling& scaling, X& x) { scaling.apply_in_place(x); }
