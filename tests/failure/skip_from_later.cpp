// SPDX-License-Identifier: MIT
// expect: From<l> names an earlier layer
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<2, Tanh, From<2>>, Dense<1, Linear>>;
#else
using Net = Mlp<double, Input<2>, Dense<2, Tanh>, Dense<1, Linear, From<0>>>;
#endif
Net net;
