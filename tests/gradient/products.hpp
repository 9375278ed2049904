// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/backfold.hpp"
#include "backfold/gradient/linearization.hpp"
#include "catch.hpp"
#include "difference.hpp"

// Jacobian-vector and vector-Jacobian products against differences and each other.

namespace products {

using namespace backfold;

/// A point and a direction, of a batch of sequences.
template <class Net>
struct Case {
  Net net;
  Index batch, steps;
  Random random{17};
  Vector<double> v;
  Matrix<double> X, dX, U;
  State<Net> initial, d_initial;

  Case(const Net& n, Index samples, Index times)
      : net(n), batch(samples), steps(times), initial(n, samples), d_initial(n, samples) {
    for (double& w : net.parameters()) w = uniform(random, -0.8, 0.8);
    v.resize(net.parameter_count());
    X.resize(net.inputs(), batch * steps);
    dX.resize(net.inputs(), batch * steps);
    U.resize(net.outputs(), batch * steps);
    for (auto* m : {&X, &dX, &U}) {
      for (double& x : m->reshaped()) x = uniform(random, -1, 1);
    }
    for (double& x : v) x = uniform(random, -1, 1);
    for (State<Net>* state : {&initial, &d_initial}) {
      for (double& x : state->values()) x = uniform(random, -0.5, 0.5);
    }
  }

  /// The outputs at a point moved along the direction, and the state after the last step.
  Matrix<double> outputs(double h, State<Net>* final = nullptr) const {
    Net at = net;
    at.parameters() += h * v;
    const Matrix<double> x = X + h * dX;
    State<Net> before = initial;
    before.values() += h * d_initial.values();
    Workspace<Net> workspace(at, batch, steps);
    return backfold::run(at, x, steps, workspace, &before, final);
  }
};

/// @tparam HoldsInput for inputs that are indices: nothing is moved along them
template <bool HoldsInput = false, class Net>
void agree(const Net& net, Index batch = 3, Index steps = 1) {
  Case<Net> at(net, batch, steps);
  if (HoldsInput) {
    at.dX.setZero();
    for (double& x : at.X.reshaped()) x = static_cast<double>(at.random() % 3);
  }
  CAPTURE(batch, steps, net.parameter_count());
  Linearization<Net> linear(at.net, batch, steps);
  const Matrix<double> Y = linear.run(at.net, at.X, steps, &at.initial);
  CHECK(difference(Y, at.outputs(0)) < 1e-14);

  State<Net> d_final(net, batch), g_initial(net, batch);
  Vector<double> g;
  Matrix<double> gX;
  const Direction<Net> direction{&at.v, &at.dX, &at.d_initial, &d_final};
  for (int round = 0; round < 2; ++round) {  // neither mode spoils the other
    const Matrix<double> dY = linear.jacobian_vector_product(at.net, direction);
    const double h = 1e-5;
    State<Net> up(net, batch), down(net, batch);
    const Matrix<double> expected = (at.outputs(h, &up) - at.outputs(-h, &down)) / (2 * h);
    CHECK(difference(dY, expected) < 1e-8);
    const Vector<double> rise = (up.values() - down.values()) / (2 * h);
    CHECK((d_final.values() - rise).norm() <= 1e-8 * (1 + rise.norm()));

    linear.vector_jacobian_product(at.net, at.U, {&g, &gX, &g_initial});
    const double forward = at.U.cwiseProduct(dY).sum();
    const double reverse =
        g.dot(at.v) + gX.cwiseProduct(at.dX).sum() + g_initial.values().dot(at.d_initial.values());
    CHECK(forward == Approx(reverse).epsilon(1e-12).margin(1e-12));
  }
  // A direction is the sum of its parts.
  Matrix<double> sum = linear.jacobian_vector_product(at.net, {.parameters = &at.v});
  sum += linear.jacobian_vector_product(at.net, {.inputs = &at.dX});
  sum += linear.jacobian_vector_product(at.net, {.initial = &at.d_initial});
  CHECK(difference(sum, linear.jacobian_vector_product(at.net, direction)) < 1e-13);
}

template <class Net>
void agree_in_time(const Net& net) {
  agree(net, 1, 1);
  agree(net, 1, 5);
  agree(net, 3, 4);
}

}  // namespace products
