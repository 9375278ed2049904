// SPDX-License-Identifier: MIT
// expect: backfold: two layers of this network have the same name
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Second = Name<"encoder">;
#else
using Second = Name<"decoder">;
#endif
using Net = Mlp<double, Input<2>, Dense<3, Tanh, Name<"encoder">>, Dense<2, Tanh, Second>>;
Net net;
