// SPDX-License-Identifier: MIT
// expect: a layer's number of units is an integer
#include <backfold/backfold.hpp>
using namespace backfold;
using Net = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
#ifdef MISUSE
const Net net(2.7, 3.9, 1.2);
#else
const Net net(2, 3, 1);
#endif
