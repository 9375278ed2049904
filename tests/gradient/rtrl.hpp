// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"

// Real-time recurrent learning against backpropagation through time.

namespace rtrl {

using namespace backfold;

template <class Net>
void equals_bptt(Net net) {
  Random random(13);
  for (double& w : net.parameters()) w = uniform(random, -0.8, 0.8);
  for (const Index T : {1, 2, 9}) {
    Eigen::MatrixXd X(net.inputs(), T), Z(net.outputs(), T);
    for (double& v : X.reshaped()) v = uniform(random, -1, 1);
    for (double& v : Z.reshaped()) v = uniform(random, 0.1, 0.9);
    Workspace<Net> workspace(net, 1, T);
    Eigen::VectorXd expected;
    const double E = gradient(net, HalfSquaredError{}, Sequences(X, Z, T), workspace, expected);
    const Eigen::MatrixXd Y = run(net, X, T, workspace);

    Rtrl<Net> rtrl(net);
    for (int round = 0; round < 2; ++round) {  // a reset makes it new
      double sum = 0;
      Eigen::VectorXd total = Eigen::VectorXd::Zero(net.parameter_count()), g;
      for (Index t = 0; t < T; ++t) {
        sum += rtrl.step(net, HalfSquaredError{}, X.col(t), Z.col(t), g);
        total += g;
        CHECK(difference(rtrl.output(), Y.col(t)) < 1e-13);
      }
      CAPTURE(T, round);
      CHECK(sum == Approx(E).epsilon(1e-13));
      CHECK(difference(total, expected) < 1e-12);
      rtrl.reset();
    }

    // Only the last step has a target.
    Eigen::VectorXd last;
    for (Index t = 0; t + 1 < T; ++t) rtrl.step(net, X.col(t));
    rtrl.step(net, HalfSquaredError{}, X.col(T - 1), Z.col(T - 1), last);
    Sequences<double> data(X, Z, T);
    const Eigen::MatrixXd z = Z.col(T - 1);
    Sequences<double> only_last(X, z, T);
    only_last.targets_at = TargetsAt::LastStep;
    gradient(net, HalfSquaredError{}, only_last, workspace, expected);
    CHECK(difference(last, expected) < 1e-12);
  }
}

}  // namespace rtrl
