// SPDX-License-Identifier: MIT
// expect: takes one size for each of its layers
#include <backfold/backfold.hpp>
using namespace backfold;
using Net = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
#ifdef MISUSE
const Net net(2, 3);
#else
const Net net(2, 3, 1);
#endif
