// SPDX-License-Identifier: MIT
// expect: a cross-entropy takes outputs for probabilities
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Output = Linear;
#else
struct Output : Linear {};  // of a name of its own, it is believed
#endif
History f(Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Output>>& net,
          const Samples<double>& data) {
  return fit(net, BinaryCrossEntropy{}, Sgd{}, data);
}
