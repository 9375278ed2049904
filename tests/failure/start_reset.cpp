// SPDX-License-Identifier: MIT
// expect: this network learns what is before the first step: give it to reset
#include <backfold/backfold.hpp>
using namespace backfold;
using Plain = Rnn<double, Input<2>, Lstm<3>, Dense<1, Linear>>;
using Learnt = Rnn<double, Input<2>, Lstm<3, LearntStart>, Dense<1, Linear>>;
#ifdef MISUSE
void reset(State<Learnt>& state) { state.reset(); }
#else
void reset(State<Learnt>& state, const Learnt& net) { state.reset(net); }
#endif
