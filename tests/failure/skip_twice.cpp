// SPDX-License-Identifier: MIT
// expect: lists the same connection twice
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<2, Tanh, From<0>>>;
#else
using Net = Mlp<double, Input<2>, Dense<2, Tanh>>;
#endif
Net net;
