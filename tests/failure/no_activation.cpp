// SPDX-License-Identifier: MIT
// expect: Dense needs an activation
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<1, int>>;
#else
using Net = Mlp<double, Input<2>, Dense<1, Linear>>;
#endif
Net net;
