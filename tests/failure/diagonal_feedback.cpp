// SPDX-License-Identifier: MIT
// expect: backfold: a diagonal connection joins unit i to unit i: its two layers need
#include <backfold/backfold.hpp>
using namespace backfold;
struct OneToOne {
  static constexpr Connection connection{2, 1, true};
};
#ifdef MISUSE
using Net = Rnn<double, Input<9>, Dense<4, Tanh, OneToOne>, Dense<3, Tanh>>;
#else
using Net = Rnn<double, Input<9>, Dense<3, Tanh, OneToOne>, Dense<3, Tanh>>;
#endif
Net net;
