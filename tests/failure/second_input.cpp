// SPDX-License-Identifier: MIT
// expect: only the first layer of a network is an Input
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Input<2>>;
#else
using Net = Mlp<double, Input<2>, Dense<1, Linear>>;
#endif
Net net;
