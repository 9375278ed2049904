// SPDX-License-Identifier: MIT
// expect: backfold: a hook's functions are begin\(training\)
#include <backfold/backfold.hpp>
using namespace backfold;
struct Counter {
  int steps = 0;
  template <class T>
  void begin(T&) {}
#ifdef MISUSE
  void after_step() { ++steps; }
#else
  template <class T>
  void after_step(T&) {
    ++steps;
  }
#endif
};
History f(Mlp<double, Input<2>, Dense<1, Tanh>>& net, const Samples<double>& data) {
  Training training(net, HalfSquaredError{}, Sgd{}, data);
  return training.run(2, Counter{});
}
