// SPDX-License-Identifier: MIT
// Derivatives of runs that begin with a learnt state.
#include "drawn_sequences.hpp"
#include "products.hpp"

using namespace products;

namespace {

/// Products of a run without a given state against differences of runs, gradients and each other.
template <class Net>
void agree_from_start(const Net& net, Index batch, Index steps) {
  Case<Net> at(net, batch, steps);
  CAPTURE(batch, steps);
  Workspace<Net> workspace(at.net, batch, steps);
  Linearization<Net> linear(at.net, batch, steps);
  const Matrix<double> Y = linear.run(at.net, at.X, steps);
  CHECK(difference(Y, run(at.net, at.X, steps, workspace)) < 1e-14);

  // A direction in w moves the learnt start, which the direction of the state adds to.
  const auto moved = [&](double h, State<Net>& final) {
    Net there = at.net;
    there.parameters() += h * at.v;
    State<Net> before(there, batch);
    before.values() += h * at.d_initial.values();
    const Matrix<double> x = at.X + h * at.dX;
    return Matrix<double>(run(there, x, steps, workspace, &before, &final));
  };
  State<Net> up(net, batch), down(net, batch), d_final(net, batch), g_initial(net, batch);
  const double h = 1e-5;
  const Matrix<double> rise = (moved(h, up) - moved(-h, down)) / (2 * h);
  const Vector<double> final_rise = (up.values() - down.values()) / (2 * h);
  Vector<double> g, expected;
  Matrix<double> gX, dX;
  for (int round = 0; round < 2; ++round) {
    const Matrix<double> dY =
        linear.jacobian_vector_product(at.net, {&at.v, &at.dX, &at.d_initial, &d_final});
    CHECK(difference(dY, rise) < 1e-8);
    CHECK((d_final.values() - final_rise).norm() <= 1e-8 * (1 + final_rise.norm()));
    linear.vector_jacobian_product(at.net, at.U, {&g, &gX, &g_initial});
    const double reverse =
        g.dot(at.v) + gX.cwiseProduct(at.dX).sum() + g_initial.values().dot(at.d_initial.values());
    CHECK(at.U.cwiseProduct(dY).sum() == Approx(reverse).epsilon(1e-12).margin(1e-12));
  }
  // Jᵀ(y − z) is the gradient of ½|y − z|².
  const Matrix<double> Z = Y - at.U;
  gradient_with_inputs(at.net, HalfSquaredError{}, Sequences<double>(at.X, Z, steps), workspace,
                       expected, dX);
  CHECK(difference(g, expected) < 1e-12);
  CHECK(difference(gX, dX) < 1e-12);
  Matrix<double> sum = linear.jacobian_vector_product(at.net, {.parameters = &at.v});
  sum += linear.jacobian_vector_product(at.net, {.inputs = &at.dX});
  sum += linear.jacobian_vector_product(at.net, {.initial = &at.d_initial});
  CHECK(difference(sum, rise) < 1e-8);
}

template <class Net>
void agree_from_start(const Net& net) {
  agree_from_start(net, 1, 1);
  agree_from_start(net, 1, 5);
  agree_from_start(net, 3, 4);
  agree_in_time(net);  // a given state takes the place of the learnt one
}

}  // namespace

TEST_CASE("products with the Jacobian reach a learnt start") {
  agree_from_start(
      Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, LearntStart>, Dense<2, Linear>>());
  agree_from_start(
      Rnn<double, Input<Dynamic>, Lstm<Dynamic, LearntStart>, Dense<Dynamic, Sigmoid>>(2, 4, 2));
  agree_from_start(Rnn<double, Input<2>, Gru<3, Recurrent<2>, LearntStart>, Dense<2, Linear>>());
}

TEST_CASE("products with the Jacobian reach learnt starts of several layers") {
  agree_from_start(
      Rnn<double, Input<2>, Dense<3, Sigmoid, LearntStart>, Lstm<2>,
          MinGru<4, Delayed<1, 2>, LearntStart>,
          Dense<2, Tanh, Recurrent<2>, Delayed<4, 1>, NoBias, Delayed<3, 2>, LearntStart>>());
}
