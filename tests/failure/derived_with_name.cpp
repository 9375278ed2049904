// SPDX-License-Identifier: MIT
// expect: backfold: a layer that names a source.*must define a WithOptions of its own
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Skip = From<"first">;
#else
using Skip = From<1>;
#endif
struct Own : Dense<1, Linear, Skip> {};
using Net = Mlp<double, Input<2>, Dense<3, Tanh, Name<"first">>, Dense<2, Tanh>, Own>;
Net net;
