// SPDX-License-Identifier: MIT
// expect: backfold: after the options come hooks
#include <backfold/backfold.hpp>
using namespace backfold;
struct Counter {
  int steps = 0;
#ifndef MISUSE
  template <class T>
  void after_step(T&) {
    ++steps;
  }
#endif
};
History f(Mlp<double, Input<2>, Dense<1, Tanh>>& net, const Samples<double>& data) {
  return fit(net, HalfSquaredError{}, Sgd{}, data, {.epochs = 2}, Counter{});
}
