// SPDX-License-Identifier: MIT
// expect: a Linearization takes the state before the first step as an input
#include <backfold/backfold.hpp>
#include <backfold/gradient/linearization.hpp>
using namespace backfold;
using Plain = Rnn<double, Input<2>, Lstm<3>, Dense<1, Linear>>;
using Learnt = Rnn<double, Input<2>, Lstm<3, LearntStart>, Dense<1, Linear>>;
#ifdef MISUSE
Linearization<Learnt> linear{Learnt()};
#else
Linearization<Plain> linear{Plain()};
#endif
