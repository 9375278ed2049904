// SPDX-License-Identifier: MIT
// expect: an option of Dense is From<l>, Recurrent<d>.*Name<text>, LearntStart or NoBias
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Mlp<double, Input<2>, Dense<1, Linear, int>>;
#else
using Net = Rnn<double, Input<1>, Dense<1, Linear, Direct, SelfRecurrent<>, Name<"a">>,
                Dense<2, Linear, Lookup<3>, Recurrent<2>, Delayed<"a">, Back<2, 3>, LearntStart>,
                Dense<2, Linear, From<0>, Add<2>, After<1>, NoBias>>;
#endif
Net net;
