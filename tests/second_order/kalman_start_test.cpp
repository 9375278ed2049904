// SPDX-License-Identifier: MIT
#include <vector>

#include "backfold/backfold.hpp"
#include "backfold/second_order/fit_kalman.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

template <class S>
using StartingOf = Rnn<S, Input<1>, Dense<3, Tanh, Recurrent<>, LearntStart>, Dense<2, Linear>>;
using Starting = StartingOf<double>;

constexpr JacobianMode modes[] = {JacobianMode::Forward, JacobianMode::Reverse};

/// Outputs of sequences from the learnt start.
template <class Net>
MatrixXd outputs(const Net& net, const MatrixXd& X, Index steps) {
  Workspace<Net> workspace(net, X.cols() / steps, steps);
  return run(net, X, steps, workspace);
}

/// A filter whose P is so small that no update moves w by more than rounding.
KalmanOptions still(JacobianMode mode, Index window) {
  return {.initial_covariance = 1e-30, .process_noise = 0, .mode = mode, .window = window};
}

}  // namespace

TEST_CASE("a sequence starts from the start that the network has at its first step") {
  const MatrixXd X = numbers(1, 4, 1), Z = numbers(2, 4, 2);
  for (const JacobianMode mode : modes) {
    auto net = made<Starting>();
    ExtendedKalmanFilter filter(net, still(mode, 4));
    for (const double start : {0.3, -0.6}) {  // set from outside between construction and steps
      net.start<1>().setConstant(start);
      const MatrixXd Y = outputs(net, X, 4);
      filter.reset();
      for (Index t = 0; t < 4; ++t) {
        filter.step(net, X.col(t), Z.col(t));
        CAPTURE(start, t, mode == JacobianMode::Forward);
        CHECK(difference(filter.output(), Y.col(t)) < 1e-13);
      }
    }
  }
}

TEST_CASE("updates inside a sequence: RTRL goes on from its state, a window from the new start") {
  const MatrixXd X = numbers(1, 5, 3), Z = numbers(2, 5, 4);
  for (const JacobianMode mode : modes) {
    auto net = made<Starting>();
    ExtendedKalmanFilter filter(net, {.mode = mode, .window = 3});
    State<Starting, 1> state(net, 1);
    for (Index t = 0; t < 5; ++t) {
      VectorXd y;
      if (mode == JacobianMode::Forward) {
        y = step(net, X.col(t), state);
      } else if (t < 3) {  // all steps again, from the present start
        y = outputs(net, X.leftCols(t + 1), t + 1).col(t);
      } else {  // the state before the window moves on with the w of that time
        if (t == 3) state.reset(net);
        step(net, X.col(t - 3), state);
        State<Starting, 1> present = state;
        for (Index k = t - 2; k <= t; ++k) y = step(net, X.col(k), present);
      }
      const VectorXd start = net.start<1>();
      filter.step(net, X.col(t), Z.col(t));
      CAPTURE(t, mode == JacobianMode::Forward);
      CHECK(difference(filter.output(), y) < 1e-13);
      CHECK(difference(net.start<1>(), start) > 1e-6);
    }
  }
}

TEST_CASE("a start outside the window has no derivative") {
  const MatrixXd X = numbers(1, 5, 5);
  const auto net = made<Starting>();
  const Index first = net.architecture().start_offset<1>();
  detail::OutputJacobian<Starting> by_step(net, {.mode = JacobianMode::Reverse, .window = 2});
  MatrixXd H;
  for (Index t = 0; t < 5; ++t) {
    by_step.step(net, X.col(t), H);
    CHECK((H.middleCols(first, 3).norm() > 1e-6) == (t < 2));
  }
}

TEST_CASE("RTRL and a window of one step agree on the first update, in double and float") {
  const auto check = []<class S>(S tolerance) {
    using Net = StartingOf<S>;
    const Matrix<S> X = numbers(1, 3, 6).cast<S>(), Z = numbers(2, 3, 7).cast<S>();
    auto by_rtrl = made<Net>(), by_window = by_rtrl;
    const auto fit = [&](Net& net, JacobianMode mode) {  // three sequences of one step
      return fit_kalman(net, Sequences<S>(X, Z, 1), {.epochs = 2, .filter = {.mode = mode}});
    };
    const Vector<S> start = by_rtrl.template start<1>();
    CHECK(fit(by_rtrl, JacobianMode::Forward).is_finite);
    CHECK(fit(by_window, JacobianMode::Reverse).is_finite);
    CHECK((by_rtrl.parameters() - by_window.parameters()).norm() < tolerance);
    CHECK((by_rtrl.template start<1>() - start).norm() > S(1e-3));
  };
  check(1e-12);
  check(1e-4F);
}

TEST_CASE("a teacher's start is found") {
  using Lstms = Rnn<double, Input<1>, Lstm<2, LearntStart>, Dense<1, Linear>>;
  const auto check = []<class Net>(const Net& teacher) {
    const MatrixXd X = numbers(1, 20 * 6, 8);
    const MatrixXd Z = outputs(teacher, X, 6);
    for (const JacobianMode mode : modes) {
      Net net = teacher;
      net.template start<1>().setZero();
      const double before = difference(outputs(net, X, 6), Z);
      const KalmanOptions filter{.measurement_noise = 1e-4, .process_noise = 1e-6, .mode = mode};
      const auto result = fit_kalman(net, Sequences(X, Z, 6), {.epochs = 60, .filter = filter});
      CAPTURE(teacher.outputs(), mode == JacobianMode::Forward);
      CHECK(result.errors.back() < 1e-4 * result.errors.front());
      CHECK(difference(outputs(net, X, 6), Z) < 0.01 * before);
      // The other weights move too, and can make up for a part of it.
      CHECK(difference(net.template start<1>(), teacher.template start<1>()) < 0.2);
    }
  };
  check(made<Starting>());
  check(made<Lstms>());
}

TEST_CASE("a reset inside a sequence is the beginning of another, at the start of that moment") {
  const MatrixXd X = numbers(1, 6, 11), Z = numbers(2, 6, 12);
  const std::vector<char> resets{0, 0, 0, 1, 0, 0};
  Sequences whole(X, Z, 6);
  whole.resets = resets;
  for (const JacobianMode mode : modes) {
    const KalmanFitOptions options{.filter = {.mode = mode, .window = 3}};
    auto one = made<Starting>(), two = made<Starting>();
    (void)fit_kalman(one, whole, options);
    ExtendedKalmanFilter filter(two, options.filter);
    for (const Index first : {0, 3}) {
      (void)fit_kalman(two, filter, Sequences(X.middleCols(first, 3), Z.middleCols(first, 3), 3));
    }
    CHECK(difference(one.parameters(), two.parameters()) < 1e-13);
  }
}

TEST_CASE("decoupled filters correlate a start with its layer, or its unit") {
  using Net = Rnn<double, Input<1>, Lstm<2, LearntStart>, Dense<1, Linear>>;
  const auto start = made<Net>();
  const Index first = start.architecture().start_offset<1>(), units = 2, layer = first + 2 * units;
  const MatrixXd X = numbers(1, 5, 9), Z = numbers(1, 5, 10);
  for (const auto coupling : {KalmanCoupling::Layer, KalmanCoupling::Node}) {
    Net net = start;
    ExtendedKalmanFilter filter(net, {.coupling = coupling});
    for (Index t = 0; t < 5; ++t) filter.step(net, X.col(t), Z.col(t));
    const MatrixXd P = filter.covariance();
    for (Index i = first; i < layer; ++i) {
      for (Index j = 0; j < P.cols(); ++j) {
        const bool is_coupled =
            j < layer && (coupling == KalmanCoupling::Layer || i % units == j % units);
        CAPTURE(i, j);
        CHECK((P(i, j) != 0) == is_coupled);
      }
    }
    CHECK(difference(net.start<1>(), start.start<1>()) > 1e-3);
  }
}
