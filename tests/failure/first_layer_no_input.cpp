// SPDX-License-Identifier: MIT
// expect: first layer of a network is Input
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Dense<2, Tanh>, Dense<1, Linear>>;
#else
using Net = Mlp<double, Input<2>, Dense<1, Linear>>;
#endif
Net net;
