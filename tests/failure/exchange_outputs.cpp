// SPDX-License-Identifier: MIT
// expect: this layer is not hidden
#include <backfold/analysis/symmetry.hpp>
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
constexpr int layer = 2;
#else
constexpr int layer = 1;
#endif
int main() {
  Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear>> net;
  exchange_units<layer>(net, 0, 1);
}
