// SPDX-License-Identifier: MIT
// expect: backfold: no layer of this network has this name
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Skip = From<"encodr">;
#else
using Skip = From<"encoder">;
#endif
using Net =
    Mlp<double, Input<2>, Dense<3, Tanh, Name<"encoder">>, Dense<2, Tanh>, Dense<1, Linear, Skip>>;
Net net;
