// SPDX-License-Identifier: MIT
// expect: a recurrent network runs over sequences
#include <backfold/backfold.hpp>
using namespace backfold;
using Net = Elman<double, 2, 3, 1>;
#ifdef MISUSE
auto y(const Net& net, const Eigen::MatrixXd& x, Workspace<Net>& w) { return run(net, x, w); }
#else
auto y(const Net& net, const Eigen::MatrixXd& x, Workspace<Net>& w) { return run(net, x, 1, w); }
#endif
