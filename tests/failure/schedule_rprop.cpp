// SPDX-License-Identifier: MIT
// expect: backfold: a schedule sets the learning rate of each step
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using O = ClipValue<PenalizeL2<Rprop>>;
#else
using O = ClipValue<PenalizeL2<Adam>>;
#endif
History f(Mlp<double, Input<2>, Dense<1, Tanh>>& net, const Samples<double>& data, const O& o) {
  Training training(net, HalfSquaredError{}, o, data);
  return training.run(2, CosineDecay{});
}
