// SPDX-License-Identifier: MIT
// expect: comes from a layer that the network lacks
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Rnn<double, Input<2>, Dense<2, Tanh, Delayed<5>>>;
#else
using Net = Rnn<double, Input<2>, Dense<2, Tanh, Delayed<1>>>;
#endif
Net net;
