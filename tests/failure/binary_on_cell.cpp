// SPDX-License-Identifier: MIT
// expect: a cross-entropy takes outputs for probabilities
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using Net = Rnn<double, Input<2>, Lstm<2>>;
#else
using Net = Rnn<double, Input<2>, Lstm<2>, Dense<2, Sigmoid>>;
#endif
History f(Net& net, const Sequences<double>& data) {
  return fit(net, BinaryCrossEntropy{}, Sgd{}, data);
}
