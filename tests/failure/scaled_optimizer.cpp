// SPDX-License-Identifier: MIT
// expect: backfold: a wrapper takes an optimizer first
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using O = Tanh;
#else
using O = Adam;
#endif
void f(const Eigen::VectorXd& rates) { (void)start<double>(ScaledRates{O{}, rates}, 3); }
