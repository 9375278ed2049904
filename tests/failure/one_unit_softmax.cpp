// SPDX-License-Identifier: MIT
// expect: a Softmax of one unit is always 1
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<1, Softmax>>;
#else
using Net = Mlp<double, Input<2>, Dense<2, Softmax>>;
#endif
Net net;
