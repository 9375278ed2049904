// SPDX-License-Identifier: MIT
// expect: a cross-entropy takes outputs for probabilities
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Output = Tanh;
#else
using Output = Softmax;
#endif
History f(Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Output>>& net,
          const Samples<double>& data) {
  return fit(net, CategoricalCrossEntropy{}, Sgd{}, data);
}
