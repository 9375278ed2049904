// SPDX-License-Identifier: MIT
// expect: an option of Dense is From<l>, Recurrent<d>
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<1, Linear, int>>;
#else
using Net = Mlp<double, Input<2>, Dense<1, Linear, NoBias>>;
#endif
Net net;
