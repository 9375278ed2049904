// SPDX-License-Identifier: MIT
// expect: needs at least one layer behind its Input
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>>;
#else
using Net = Mlp<double, Input<2>, Dense<1, Linear>>;
#endif
Net net;
