// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"

// Real-time recurrent learning against backpropagation through time.

namespace rtrl {

using namespace backfold;

template <class A, class B>
double distance(const A& a, const B& b) {
  return difference(a.template cast<double>(), b.template cast<double>());
}

template <class Net>
void equals_bptt(Net net) {
  using S = typename Net::Scalar;
  const double tolerance = sizeof(S) == 4 ? 2e-5 : 1e-12;
  Random random(13);
  for (S& w : net.parameters()) w = static_cast<S>(uniform(random, -0.8, 0.8));
  for (const Index T : {1, 2, 9}) {
    Matrix<S> X(net.inputs(), T), Z(net.outputs(), T);
    for (S& v : X.reshaped()) v = static_cast<S>(uniform(random, -1, 1));
    for (S& v : Z.reshaped()) v = static_cast<S>(uniform(random, 0.1, 0.9));
    Workspace<Net> workspace(net, 1, T);
    Vector<S> expected;
    const double E = gradient(net, HalfSquaredError{}, Sequences(X, Z, T), workspace, expected);
    const Matrix<S> Y = run(net, X, T, workspace);

    Rtrl<Net> rtrl(net);
    for (int round = 0; round < 2; ++round) {  // a reset makes it new
      double sum = 0;
      Vector<S> total = Vector<S>::Zero(net.parameter_count()), g;
      for (Index t = 0; t < T; ++t) {
        sum += rtrl.step(net, HalfSquaredError{}, X.col(t), Z.col(t), g);
        total += g;
        CHECK(distance(rtrl.output(), Y.col(t)) < tolerance);
      }
      CAPTURE(T, round);
      CHECK(sum == Approx(E).epsilon(tolerance));
      CHECK(distance(total, expected) < tolerance);
      rtrl.reset(net);
    }

    // Only the last step has a target.
    Vector<S> last;
    for (Index t = 0; t + 1 < T; ++t) rtrl.step(net, X.col(t));
    rtrl.step(net, HalfSquaredError{}, X.col(T - 1), Z.col(T - 1), last);
    Sequences<S> data(X, Z, T);
    const Matrix<S> z = Z.col(T - 1);
    Sequences<S> only_last(X, z, T);
    only_last.targets_at = TargetsAt::LastStep;
    gradient(net, HalfSquaredError{}, only_last, workspace, expected);
    CHECK(distance(last, expected) < tolerance);
  }
}

}  // namespace rtrl
