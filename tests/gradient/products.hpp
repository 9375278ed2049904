// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/backfold.hpp"
#include "backfold/gradient/linearization.hpp"
#include "catch.hpp"
#include "difference.hpp"

// Jacobian-vector and vector-Jacobian products against differences and each other.

namespace products {

using namespace backfold;

/// Calls f with each block of a state.
template <class StateType, class F>
void for_each_block(StateType& state, const F& f) {
  using Arch = typename std::remove_const_t<StateType>::Arch;
  for_each_index<Arch::layer_count>([&](auto l) {
    for (int d = 1; d <= Arch::Graph::history(l()); ++d) {
      if constexpr (Arch::Graph::history(l()) > 0) f(state.template output<l()>(d));
    }
    if constexpr (std::remove_const_t<StateType>::template has_memory<l()>()) {
      f(state.template memory<l()>());
    }
  });
}

template <class Net>
double dot(const State<Net>& a, const State<Net>& b) {
  std::vector<double> numbers;
  for_each_block(a, [&](auto&& block) {
    for (double v : block.reshaped()) numbers.push_back(v);
  });
  double sum = 0;
  std::size_t i = 0;
  for_each_block(b, [&](auto&& block) {
    for (double v : block.reshaped()) sum += v * numbers[i++];
  });
  return sum;
}

template <class Net>
State<Net> moved(State<Net> state, const State<Net>& direction, double h) {
  std::vector<double> numbers;
  for_each_block(direction, [&](auto&& block) {
    for (double v : block.reshaped()) numbers.push_back(v);
  });
  std::size_t i = 0;
  for_each_block(state, [&](auto&& block) {
    for (double& v : block.reshaped()) v += h * numbers[i++];
  });
  return state;
}

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
      for_each_block(*state, [&](auto&& block) {
        for (double& x : block.reshaped()) x = uniform(random, -0.5, 0.5);
      });
    }
  }

  /// The outputs at a point moved along the direction, and the state after the last step.
  Matrix<double> outputs(double h, State<Net>* final = nullptr) const {
    Net at = net;
    at.parameters() += h * v;
    const Matrix<double> x = X + h * dX;
    const State<Net> before = moved(initial, d_initial, h);
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
    const State<Net> rise = moved(up, down, -1);
    CHECK(dot(moved(rise, d_final, -2 * h), moved(rise, d_final, -2 * h)) <= 1e-19);

    linear.vector_jacobian_product(at.net, at.U, {&g, &gX, &g_initial});
    const double forward = at.U.cwiseProduct(dY).sum();
    const double reverse =
        g.dot(at.v) + gX.cwiseProduct(at.dX).sum() + dot(g_initial, at.d_initial);
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
