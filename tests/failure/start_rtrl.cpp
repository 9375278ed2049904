// SPDX-License-Identifier: MIT
// expect: this network learns what is before the first step: give it to reset
#include <backfold/backfold.hpp>
using namespace backfold;
using Learnt = Rnn<double, Input<2>, Lstm<3, LearntStart>, Dense<1, Linear>>;
#ifdef MISUSE
void reset(Rtrl<Learnt>& rtrl) { rtrl.reset(); }
#else
void reset(Rtrl<Learnt>& rtrl, const Learnt& net) { rtrl.reset(net); }
#endif
