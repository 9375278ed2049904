// SPDX-License-Identifier: MIT
#include <limits>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Loops =
    Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Delayed<2, 2>>, Dense<2, Sigmoid, From<0>>>;
using Cells = Rnn<double, Input<2>, Lstm<3>, Gru<2>, Dense<2, Linear>>;
using Feedback = Rnn<double, Input<2>, Dense<3, Tanh, Delayed<2>>, Dense<2, Linear>>;
constexpr Index T = 5;
constexpr Index B = 4;
const std::vector<Index> lengths = {3, 0, 5, 1};

/// The steps of sequence b up to its end.
Eigen::MatrixXd alone(const Eigen::MatrixXd& X, Index b) {
  Eigen::MatrixXd result(X.rows(), lengths[std::size_t(b)]);
  for (Index t = 0; t < result.cols(); ++t) result.col(t) = X.col(t * B + b);
  return result;
}

/// NaN after the end of each sequence.
Eigen::MatrixXd padded(Eigen::MatrixXd X) {
  for (Index c = 0; c < X.cols(); ++c) {
    if (c / B >= lengths[std::size_t(c % B)]) {
      X.col(c).setConstant(std::numeric_limits<double>::quiet_NaN());
    }
  }
  return X;
}

/// Everything that sequence b of a state remembers.
template <class N>
Eigen::VectorXd remembered(const State<N>& state, Index b) {
  std::vector<double> all;
  for_each_index<N::layer_count>([&](auto l) {
    constexpr int layer = l();
    for (int d = 1; d <= N::Graph::history(layer); ++d) {
      if constexpr (N::Graph::history(layer) > 0) {
        for (const double x : state.template output<layer>(d).col(b)) all.push_back(x);
      }
    }
    if constexpr (State<N>::template has_memory<layer>()) {
      for (const double x : state.template memory<layer>().col(b)) all.push_back(x);
    }
  });
  return Eigen::Map<Eigen::VectorXd>(all.data(), Index(all.size()));
}

/// A state that is not zero.
template <class N>
State<N> begun(const N& net) {
  State<N> state(net, B);
  step(net, numbers(2, B, 9), state);
  step(net, numbers(2, B, 10), state);
  return state;
}
template <class N>
State<N> one_of(const N& net, Index b) {
  State<N> state(net);
  step(net, numbers(2, B, 9).col(b), state);
  step(net, numbers(2, B, 10).col(b), state);
  return state;
}

}  // namespace

TEMPLATE_TEST_CASE("a run with lengths is one run for each sequence, without its padding", "[nan]",
                   Loops, Cells, Feedback) {
  const auto net = made<TestType>();
  const Eigen::MatrixXd X = padded(numbers(2, T * B, 1));
  const auto initial = begun(net);
  State<TestType> final(net, B);
  Workspace<TestType> workspace(net, B, T);
  const Eigen::MatrixXd Y =
      run(net, X, T, workspace, {.lengths = lengths, .initial = &initial, .final = &final});
  const Eigen::MatrixXd last = last_outputs(Y, lengths);
  Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(2, T * B);
  Eigen::MatrixXd expected_last = Eigen::MatrixXd::Zero(2, B);
  for (Index b = 0; b < B; ++b) {
    auto state = one_of(net, b);
    const Eigen::MatrixXd x = alone(X, b);
    for (Index t = 0; t < x.cols(); ++t) {
      expected.col(t * B + b) = step(net, x.col(t), state);
      expected_last.col(b) = expected.col(t * B + b);
    }
    CHECK(difference(remembered(final, b), remembered(state, 0)) < 1e-14);
  }
  CHECK(difference(Y, expected) < 1e-14);
  CHECK(difference(last, expected_last) < 1e-14);
  CHECK(remembered(final, 1) == remembered(initial, 1));
}

TEST_CASE("lengths are for networks without delays, float and one step, too", "[nan]") {
  using Net = Mlp<float, Input<2>, Dense<3, Tanh>, Dense<1, Linear>>;
  Net net;
  Random random(3);
  net.initialize(Glorot{}, random);
  Eigen::MatrixXf X = numbers(2, 3, 1).cast<float>();
  X.col(1).setConstant(std::numeric_limits<float>::quiet_NaN());
  const std::vector<Index> one = {1, 0, 1};
  Workspace<Net> workspace(net, 3);
  const Eigen::MatrixXf Y = run(net, X, 1, workspace, {.lengths = one});
  CHECK(Y(0, 1) == 0);
  X.col(1).setZero();
  const Eigen::MatrixXf all = net(X);
  CHECK(Y(0, 0) == Approx(all(0, 0)));
  CHECK(Y(0, 2) == Approx(all(0, 2)));
}

TEMPLATE_TEST_CASE("a sequence of length 0 adds nothing to error and gradient", "[nan]", Loops,
                   Cells, Feedback) {
  const auto net = made<TestType>();
  const Eigen::MatrixXd X = padded(numbers(2, T * B, 1)), Z = padded(numbers(2, T * B, 2));
  const Eigen::MatrixXd last = numbers(2, B, 3);
  const auto initial = begun(net);
  for (const TargetsAt at : {TargetsAt::EveryStep, TargetsAt::LastStep}) {
    Eigen::MatrixXd targets = at == TargetsAt::EveryStep ? Z : last;
    if (at == TargetsAt::LastStep) targets.col(1).setConstant(std::nan(""));
    Sequences data(X, targets, T);
    data.lengths = lengths.data();
    data.targets_at = at;
    State<TestType> final(net, B);
    Workspace<TestType> workspace(net, B, T);
    Eigen::VectorXd g;
    const double E = gradient(net, HalfSquaredError{}, data, workspace, g,
                              {.reduction = Reduction::Mean, .initial = &initial, .final = &final});
    CHECK(loss_of(net, HalfSquaredError{}, data, workspace,
                  {.reduction = Reduction::Mean, .initial = &initial}) == E);
    CHECK(remembered(final, 1) == remembered(initial, 1));
    double sum = 0;
    Eigen::VectorXd expected = Eigen::VectorXd::Zero(g.size());
    for (Index b = 0; b < B; ++b) {
      if (lengths[std::size_t(b)] == 0) continue;
      const Eigen::MatrixXd x = alone(X, b);
      const Eigen::MatrixXd z =
          at == TargetsAt::EveryStep ? alone(Z, b) : Eigen::MatrixXd(last.col(b));
      Sequences one(x, z, x.cols());
      one.targets_at = at;
      const auto before = one_of(net, b);
      Workspace<TestType> room(net, 1, x.cols());
      Eigen::VectorXd of_one;
      sum += gradient(net, HalfSquaredError{}, one, room, of_one, {.initial = &before});
      expected += of_one;
    }
    const double targets_in_all = at == TargetsAt::EveryStep ? 9 : 3;
    CHECK(E == Approx(sum / targets_in_all).epsilon(1e-13));
    CHECK(difference(g, expected / targets_in_all) < 1e-13);
  }
}

TEST_CASE("a fit passes over sequences of length 0", "[nan]") {
  const Eigen::MatrixXd X = padded(numbers(2, T * B, 1)), Z = padded(numbers(2, T * B, 2));
  // The others alone.
  const std::vector<Index> others = {0, 2, 3};
  const std::vector<Index> other_lengths = {3, 5, 1};
  Eigen::MatrixXd x(2, T * 3), z(2, T * 3);
  for (Index t = 0; t < T; ++t) {
    for (Index i = 0; i < 3; ++i) {
      x.col(t * 3 + i) = X.col(t * B + others[std::size_t(i)]);
      z.col(t * 3 + i) = Z.col(t * B + others[std::size_t(i)]);
    }
  }
  Sequences all(X, Z, T), some(x, z, T);
  all.lengths = lengths.data();
  some.lengths = other_lengths.data();
  for (const Index batch_size : {full_batch, Index{1}}) {
    for (const Index truncation : {0, 2}) {
      const FitOptions options{
          .epochs = 3, .batch_size = batch_size, .shuffle = false, .truncation = truncation};
      auto net = made<Cells>(), expected = made<Cells>();
      const auto history = fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, all, options);
      fit(expected, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, some, options);
      CHECK(history.status == TrainingStatus::EpochsDone);
      CHECK(difference(net.parameters(), expected.parameters()) < 1e-13);
    }
  }
}

TEST_CASE("lengths that sequences cannot have are refused") {
  const auto net = made<Cells>();
  const Eigen::MatrixXd X = numbers(2, T * B, 1);
  Workspace<Cells> workspace(net, B, T);
  auto refused = [&](std::vector<Index> wrong) {
    return said([&] { run(net, X, T, workspace, {.lengths = wrong}); });
  };
  CHECK(refused({1, 2, 6, 0}) == "run: length of sequence 2 is 6, expected 0 to 5");
  CHECK(refused({-1, 2, 5, 0}) == "run: length of sequence 0 is -1, expected 0 to 5");
  CHECK(refused({1, 2, 3}) == "run: expected 4 lengths, one for each sequence, got 3");
  CHECK(said([&] { (void)last_outputs(X, {}); }) ==
        "last_outputs: 20 columns are no whole number of steps of 0 sequences");
  CHECK(said([&] {
          (void)last_outputs(X, std::vector<Index>{1, 2, 3, 6});
        }) == "last_outputs: length of sequence 3 is 6, expected 0 to 5");
}
