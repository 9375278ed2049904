// SPDX-License-Identifier: MIT
// expect: backfold: a wrapper takes an optimizer first
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using O = HalfSquaredError;
#else
using O = Sgd;
#endif
void f() { (void)start<double>(PenalizeL2{ClipNorm{O{}, 1.0}, 1e-3}, 3); }
