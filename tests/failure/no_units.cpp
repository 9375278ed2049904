// SPDX-License-Identifier: MIT
// expect: a layer needs at least one unit
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<0, Tanh>>;
#else
using Net = Mlp<double, Input<2>, Dense<1, Tanh>>;
#endif
Net net;
