// SPDX-License-Identifier: MIT
// expect: an option of MinGru is From<l>.*Name<text>, LearntStart or NoBias
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Rnn<double, Input<2>, MinGru<3, int>>;
#else
using Net = Rnn<double, Input<1>, MinGru<3, Recurrent<2>, Lookup<4>, Name<"a">, LearntStart>,
                MinGru<3, From<0>, Delayed<"a">, Back<2, 2>, After<1>, NoBias>>;
#endif
Net net;
