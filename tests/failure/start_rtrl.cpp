// SPDX-License-Identifier: MIT
// expect: Rtrl carries no sensitivity to a LearntStart
#include <backfold/backfold.hpp>
using namespace backfold;
using Plain = Rnn<double, Input<2>, Lstm<3>, Dense<1, Linear>>;
using Learnt = Rnn<double, Input<2>, Lstm<3, LearntStart>, Dense<1, Linear>>;
#ifdef MISUSE
Rtrl<Learnt> rtrl{Learnt()};
#else
Rtrl<Plain> rtrl{Plain()};
#endif
