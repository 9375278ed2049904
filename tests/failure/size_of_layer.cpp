// SPDX-License-Identifier: MIT
// expect: a layer's number of units is an integer
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
const Dense<Dynamic, Tanh> layer(2.5);
#else
const Dense<Dynamic, Tanh> layer(2);
#endif
