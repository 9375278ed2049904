// SPDX-License-Identifier: MIT
// expect: backfold: networks convert into each other only if their layers differ in nothing but
// sizes
#include <backfold/backfold.hpp>
using namespace backfold;
struct Own : Dense<3, Tanh> {};
#ifdef MISUSE
using Other = Dense<3, Tanh>;
#else
using Other = Own;
#endif
const Mlp<float, Input<2>, Own> own;
const Mlp<double, Input<2>, Other> net(own);
