// SPDX-License-Identifier: MIT
// expect: an option of a cell layer is From<l>.*Name<text>, LearntStart or NoBias
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Rnn<double, Input<2>, Lstm<3, int>>;
#else
using Net = Rnn<double, Input<1>, Lstm<3, Recurrent<2>, Lookup<4>, Name<"a">, LearntStart>,
                Gru<3, Back<2>, Through<1>, NoBias>, Lstm<3, From<0>, Delayed<"a">, After<2>>>;
#endif
Net net;
