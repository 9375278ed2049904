// SPDX-License-Identifier: MIT
// expect: backfold: a network without delays or memories has no state
#include <backfold/analysis/transition.hpp>
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<3, Tanh>>;
#else
using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>>;
#endif
void size(const Net& net) { Transition<Net> transition(net); }
