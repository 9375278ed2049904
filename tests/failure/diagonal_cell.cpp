// SPDX-License-Identifier: MIT
// expect: a cell layer takes no diagonal connections
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Rnn<double, Input<2>, Lstm<3, SelfRecurrent<>>>;
#else
using Net = Rnn<double, Input<2>, Lstm<3, Recurrent<2>>>;
#endif
Net net;
