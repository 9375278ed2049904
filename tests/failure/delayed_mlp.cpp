// SPDX-License-Identifier: MIT
// expect: an Mlp has no delayed connections
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<2, Tanh, Recurrent<>>>;
#else
using Net = Rnn<double, Input<2>, Dense<2, Tanh, Recurrent<>>>;
#endif
Net net;
