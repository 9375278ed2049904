// SPDX-License-Identifier: MIT
// expect: backfold: a diagonal connection joins unit i to unit i: its two layers need
#include <backfold/backfold.hpp>
using namespace backfold;
template <int Layer, int Delay>
struct DiagonalFrom {
  static constexpr Connection connection{Layer, Delay, true};
};
#ifdef MISUSE
using Net = Mlp<double, Input<9>, Dense<4, Tanh>, Dense<3, Tanh, DiagonalFrom<0, 0>>>;
#else
using Net = Mlp<double, Input<3>, Dense<4, Tanh>, Dense<3, Tanh, DiagonalFrom<0, 0>>>;
#endif
Net net;
