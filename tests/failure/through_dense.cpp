// SPDX-License-Identifier: MIT
// expect: an option of Dense is From<l>, Recurrent<d>
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Rnn<double, Input<2>, Dense<3, Tanh, Through<2>>, Dropout<3>>;
#else
using Net = Rnn<double, Input<2>, Lstm<3, Through<2>>, Dropout<3>>;
#endif
Net net;
