// SPDX-License-Identifier: MIT
// expect: LearntStart is for a layer with a memory
#include <backfold/backfold.hpp>
using namespace backfold;
using Plain = Rnn<double, Input<2>, Lstm<3>, Dense<1, Linear>>;
using Learnt = Rnn<double, Input<2>, Lstm<3, LearntStart>, Dense<1, Linear>>;
#ifdef MISUSE
Mlp<double, Input<2>, Dense<3, Tanh, LearntStart>> net;
#else
Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, LearntStart>> net;
#endif
