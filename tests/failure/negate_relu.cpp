// SPDX-License-Identifier: MIT
// expect: a unit of this layer cannot change its sign
#include <backfold/analysis/symmetry.hpp>
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Phi = Relu;
#else
using Phi = Tanh;
#endif
int main() {
  Mlp<double, Input<2>, Dense<3, Phi>, Dense<1, Linear>> net;
  negate_unit<1>(net, 0);
}
