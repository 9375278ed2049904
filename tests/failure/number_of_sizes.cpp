// SPDX-License-Identifier: MIT
// expect: takes one size for each of its layers
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
auto net = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>>(2, 3, 1);
#else
auto net = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>>(2, 3);
#endif
