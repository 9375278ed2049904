// SPDX-License-Identifier: MIT
// expect: a layer takes one of Direct, Lookup<n> and After<l>
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<3>, Dense<3, Tanh>, Dense<3, Tanh, After<0>, Direct>>;
#else
using Net = Mlp<double, Input<3>, Dense<3, Tanh>, Dense<3, Tanh, After<0>>>;
#endif
Net net;
