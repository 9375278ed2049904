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

using Net = Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>;
constexpr Index T = 7;
constexpr Index B = 2;

Net made() {
  Net net;
  Random random(4);
  net.initialize(Uniform{-0.8, 0.8}, random);
  return net;
}

/// Before steps 3 and 4 of sequence 0, and 0 and 5 of sequence 1.
std::vector<bool> some_resets() {
  std::vector<bool> resets(T * B, false);
  resets[3 * B] = resets[4 * B] = resets[1] = resets[5 * B + 1] = true;
  return resets;
}

/// E of the two sequences step by step, the state forgotten at each reset.
double stepped(const Net& net, const Eigen::MatrixXd& X, const Eigen::MatrixXd& Z) {
  const std::vector<bool> resets = some_resets();
  double E = 0;
  for (Index b = 0; b < B; ++b) {
    State<Net> state(net);
    for (Index c = b; c < T * B; c += B) {
      if (resets[std::size_t(c)]) state.reset();
      E += (step(net, X.col(c), state) - Z.col(c)).squaredNorm() / 2;
    }
  }
  return E;
}

}  // namespace

TEST_CASE("episodes are the pieces between resets") {
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(2, T * B, 2);
  const Episodes episodes(Sequences(X, Z, T), some_resets());
  REQUIRE(episodes.count() == 5);
  const std::vector<Index> lengths = {3, 1, 3, 5, 2};
  for (Index i = 0; i < 5; ++i) CHECK(episodes.steps_of(i) == lengths[std::size_t(i)]);
  CHECK(episodes[2].inputs.column(0) == X.col(4 * B).data());
  CHECK(episodes[4].targets.column(1) == Z.col(6 * B + 1).data());
}

TEST_CASE("training on episodes is training with the state forgotten at resets") {
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(2, T * B, 2);
  const Episodes episodes(Sequences(X, Z, T), some_resets());
  Net net = made();
  Eigen::VectorXd slope(net.parameter_count());
  for (Index i = 0; i < slope.size(); ++i) {
    Net moved = made();
    const double h = 1e-5;
    moved.parameters()(i) += h;
    const double above = stepped(moved, X, Z);
    moved.parameters()(i) -= 2 * h;
    slope(i) = (above - stepped(moved, X, Z)) / (2 * h);
  }
  const FitOptions options{.epochs = 1, .batch_size = full_batch, .reduction = Reduction::Sum};
  const double E = stepped(net, X, Z);
  const auto history = fit(net, HalfSquaredError{}, Sgd{.learning_rate = 1}, episodes, options);
  CHECK(history.losses.front() == Approx(E).epsilon(1e-13));
  CHECK(difference(made().parameters() - net.parameters(), slope) < 1e-8);
}

TEST_CASE("episodes equal sequences that have been cut by hand", "[nan]") {
  const Eigen::MatrixXd X = numbers(2, T * B, 1), mask = numbers(2, T * B, 6).cwiseAbs();
  Eigen::MatrixXd Z = numbers(2, T * B, 2);
  Z(1, 9) = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> weights = {1, 2, 0, 1, 1, 3, 1, 1, 1, 0.5, 1, 1, 2, 1};
  Sequences whole(X, Z, weights, T);
  whole.target_weights = mask;
  whole.missing = Missing::NaN;
  const Episodes episodes(whole, some_resets());

  constexpr Index longest = 5, count = 5;
  const double padding = std::numeric_limits<double>::quiet_NaN();
  Eigen::MatrixXd x = Eigen::MatrixXd::Constant(2, longest * count, padding), z = x;
  Eigen::MatrixXd m = Eigen::MatrixXd::Ones(2, longest * count);
  std::vector<double> w(longest * count, 1);
  const std::vector<Index> begins = {0, 6, 8, 1, 11}, lengths = {3, 1, 3, 5, 2};
  for (Index i = 0; i < count; ++i) {
    for (Index t = 0; t < lengths[std::size_t(i)]; ++t) {
      const Index from = begins[std::size_t(i)] + t * B, to = t * count + i;
      x.col(to) = X.col(from);
      z.col(to) = Z.col(from);
      m.col(to) = mask.col(from);
      w[std::size_t(to)] = weights[std::size_t(from)];
    }
  }
  Sequences cut(x, z, w, longest);
  cut.target_weights = m;
  cut.missing = Missing::NaN;
  cut.lengths = lengths.data();
  for (const Index batch_size : {Index{1}, Index{2}, full_batch}) {
    for (const Index truncation : {0, 2}) {
      const FitOptions options{.epochs = 3, .batch_size = batch_size, .truncation = truncation};
      Net net = made(), expected = made();
      fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, episodes, options);
      fit(expected, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, cut, options);
      // Only a full batch of Sequences is taken as it is; other batches are gathered in the order
      // drawn, to the same bits.
      CHECK(difference(net.parameters(), expected.parameters()) < 1e-13);
      if (batch_size != full_batch) CHECK(net.parameters() == expected.parameters());
      CHECK(net.parameters() != made().parameters());
    }
  }
}

TEST_CASE("resets that do not fit the data are refused") {
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(2, T * B, 2), last = numbers(2, B, 3);
  Sequences data(X, Z, T);
  CHECK(said([&] { Episodes(data, std::vector<int>(T)); }) ==
        "episodes: expected 14 resets, one for each column of inputs, got 7");
  const std::vector<Index> none = {0, 0};
  data.lengths = none.data();
  CHECK(said([&] { Episodes(data, some_resets()); }) == "episodes: no sequence has a step");
  Sequences at_last(X, last, T);
  at_last.targets_at = TargetsAt::LastStep;
  CHECK(said([&] { Episodes(at_last, some_resets()); }) ==
        "episodes: they need targets at every step");
}

TEST_CASE("truncation carries the state of each stream of a batch from piece to piece") {
  constexpr Index piece = 3;
  const Eigen::MatrixXd X = numbers(2, T * B, 1), Z = numbers(2, T * B, 2);
  Net net = made(), expected = made();
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, Sequences(X, Z, T),
      {.epochs = 1,
       .batch_size = B,
       .shuffle = false,
       .reduction = Reduction::Sum,
       .truncation = piece});
  // By hand: a state for each stream.
  std::vector<State<Net>> states(B, State<Net>(expected));
  for (Index t = 0; t < T; t += piece) {
    const Index steps = (std::min)(piece, T - t);
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(net.parameter_count());
    for (Index b = 0; b < B; ++b) {
      Eigen::MatrixXd x(2, steps), z(2, steps);
      for (Index s = 0; s < steps; ++s) {
        x.col(s) = X.col((t + s) * B + b);
        z.col(s) = Z.col((t + s) * B + b);
      }
      Workspace<Net> workspace(expected, 1, steps);
      State<Net> after(expected);
      Eigen::VectorXd g;
      gradient(expected, HalfSquaredError{}, Sequences(x, z, steps), workspace, g,
               {.initial = &states[std::size_t(b)], .final = &after});
      states[std::size_t(b)] = after;
      sum += g;
    }
    expected.parameters() -= 0.1 * sum;
  }
  CHECK(difference(net.parameters(), expected.parameters()) < 1e-13);
}
