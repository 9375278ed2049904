// SPDX-License-Identifier: MIT
#include "backfold/training/fit.hpp"

#include <cstring>
#include <limits>
#include <set>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

using Small = Mlp<double, Input<2>, Dense<4, Tanh>, Dense<1, Linear>>;
using Line = Mlp<double, Input<2>, Dense<1, Linear>>;
using Loop = Elman<double, 1, 4, 1>;

template <class Net>
Net initialised(double width = 0.5) {
  Net net;
  Random random(31);
  net.initialize(Uniform{-width, width}, random);
  return net;
}

struct Data {
  Eigen::MatrixXd X, Z;
  explicit Data(Index n, Index rows = 2) : X(rows, n), Z(1, n) {
    Random random(8);
    for (Index s = 0; s < n; ++s) {
      for (Index i = 0; i < rows; ++i) X(i, s) = uniform(random, -1, 1);
      Z(0, s) = X(0, s) * (rows > 1 ? X(1, s) : 0.5) + 0.2;
    }
  }
};

/// Steps from..from+n of sequence b of a time-major batch.
Eigen::MatrixXd alone(const Eigen::MatrixXd& X, Index b, Index batch, Index from, Index n) {
  Eigen::MatrixXd result(X.rows(), n);
  for (Index t = 0; t < n; ++t) result.col(t) = X.col((from + t) * batch + b);
  return result;
}

/// Writes down the error it saw and its learning rate, then does a step of Sgd.
struct Recorder : Sgd {
  std::vector<double>* seen = nullptr;
  std::vector<double>* rates = nullptr;

  template <class S, Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    if (rates != nullptr) rates->push_back(learning_rate);
    const double error = Sgd::step(w, objective, state);
    if (seen != nullptr) seen->push_back(error);
    return error;
  }
};

}  // namespace

TEST_CASE("online learning is one step a sample in the shuffled order") {
  const Data data(7);
  Small net = initialised<Small>();
  Small by_hand = net;
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, Samples(data.X, data.Z),
      {.epochs = 2, .batch_size = 1, .seed = 5});
  Random random(5);
  std::vector<Index> order = {0, 1, 2, 3, 4, 5, 6};
  Workspace<Small> workspace(by_hand);
  Eigen::VectorXd g;
  for (int epoch = 0; epoch < 2; ++epoch) {
    shuffle(random, order.data(), 7);
    for (const Index s : order) {
      const Eigen::MatrixXd x = data.X.col(s), z = data.Z.col(s);
      gradient(by_hand, HalfSquaredError{}, Samples(x, z), workspace, g);
      by_hand.parameters() -= 0.1 * g;
    }
  }
  CHECK(difference(net.parameters(), by_hand.parameters()) < 1e-14);
}

TEST_CASE("full-batch learning follows the gradient of the mean") {
  const Data data(7);
  Small net = initialised<Small>();
  Small by_hand = net;
  const auto history = fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1},
                           Samples(data.X, data.Z), {.epochs = 3, .batch_size = full_batch});
  Workspace<Small> workspace(by_hand, 7);
  Eigen::VectorXd g;
  for (int epoch = 0; epoch < 3; ++epoch) {
    const double E = gradient(by_hand, HalfSquaredError{}, Samples(data.X, data.Z), workspace, g,
                              Reduction::Mean);
    CHECK(history.losses[std::size_t(epoch)] == Approx(E).epsilon(1e-13));
    by_hand.parameters() -= 0.1 * g;
  }
  CHECK(difference(net.parameters(), by_hand.parameters()) < 1e-14);
}

TEST_CASE("a shorter last batch is averaged over what it has") {
  const Data data(7);
  Small net = initialised<Small>();
  Small by_hand = net;
  const auto history =
      fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, Samples(data.X, data.Z),
          {.epochs = 1, .batch_size = 3, .shuffle = false});
  Workspace<Small> workspace(by_hand, 3);
  Eigen::VectorXd g;
  double sum = 0;
  for (const auto& [from, n] : {std::pair<Index, Index>{0, 3}, {3, 3}, {6, 1}}) {
    const Eigen::MatrixXd x = data.X.middleCols(from, n), z = data.Z.middleCols(from, n);
    sum += double(n) *
           gradient(by_hand, HalfSquaredError{}, Samples(x, z), workspace, g, Reduction::Mean);
    by_hand.parameters() -= 0.1 * g;
  }
  CHECK(difference(net.parameters(), by_hand.parameters()) < 1e-14);
  CHECK(history.final_loss() == Approx(sum / 7).epsilon(1e-13));
}

TEST_CASE("every sample is seen once an epoch, in an order that changes") {
  // The errors tell the samples apart: a network of zeros that does not learn, targets 1 to 9.
  std::vector<double> seen;
  Recorder recorder;
  recorder.learning_rate = 0;
  recorder.seen = &seen;
  Mlp<double, Input<1>, Dense<1, Linear>> net;  // answers 0
  const Eigen::MatrixXd X = Eigen::RowVectorXd::Ones(9);
  const Eigen::MatrixXd Z = Eigen::RowVectorXd::LinSpaced(9, 1, 9);
  fit(net, HalfSquaredError{}, recorder, Samples(X, Z), {.epochs = 2, .batch_size = 1});
  REQUIRE(seen.size() == 18);
  CHECK(std::set<double>(seen.begin(), seen.begin() + 9).size() == 9);
  CHECK(std::set<double>(seen.begin() + 9, seen.end()).size() == 9);
  CHECK_FALSE(std::equal(seen.begin(), seen.begin() + 9, seen.begin() + 9));
}

TEST_CASE("the same seed gives the same bits, another seed others") {
  const Data data(20);
  auto trained = [&](std::uint64_t seed) {
    Small net = initialised<Small>();
    fit(net, HalfSquaredError{}, Adam{}, Samples(data.X, data.Z),
        {.epochs = 3, .batch_size = 4, .seed = seed});
    return net.parameters();
  };
  const auto first = trained(1), again = trained(1), other = trained(2);
  CHECK(std::memcmp(first.data(), again.data(), sizeof(double) * std::size_t(first.size())) == 0);
  CHECK(first != other);
}

TEST_CASE("fixed and Dynamic networks train alike") {
  const Data data(20);
  for (const Index batch : {Index{1}, Index{6}, full_batch}) {
    Small net = initialised<Small>();
    Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>> sized(net);
    fit(net, HalfSquaredError{}, Adam{}, Samples(data.X, data.Z),
        {.epochs = 3, .batch_size = batch});
    fit(sized, HalfSquaredError{}, Adam{}, Samples(data.X, data.Z),
        {.epochs = 3, .batch_size = batch});
    CHECK(difference(net.parameters(), sized.parameters()) < 1e-12);
  }
}

TEST_CASE("a network without delays learns a sequence as the batch of its steps") {
  using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
  const Data data(5);
  Sized of_sequence(initialised<Small>());
  Sized of_samples = of_sequence;
  const Momentum momentum{.learning_rate = 0.1};
  fit(of_sequence, HalfSquaredError{}, momentum, Sequences<double>(data.X, data.Z, 5),
      {.epochs = 3, .batch_size = 1});
  fit(of_samples, HalfSquaredError{}, momentum, Samples(data.X, data.Z),
      {.epochs = 3, .batch_size = full_batch, .shuffle = false});
  CHECK(difference(of_sequence.parameters(), of_samples.parameters()) < 1e-14);

  Workspace<Sized, 1> workspace(of_sequence);
  Eigen::VectorXd g;
  CHECK_THROWS_WITH(
      gradient(of_sequence, HalfSquaredError{}, Sequences<double>(data.X, data.Z, 5), workspace, g),
      "workspace: its type is for a batch of 1 and one step, got 1 and 5");
}

TEST_CASE("the callback is told of each epoch and can stop") {
  const Data data(5);
  Small net = initialised<Small>();
  std::vector<Index> epochs;
  const auto history = fit(net, HalfSquaredError{}, Sgd{}, Samples(data.X, data.Z), {.epochs = 10},
                           [&](const EpochReport& report) {
                             epochs.push_back(report.epoch);
                             CHECK(report.samples == 5);
                             return report.epoch < 3;
                           });
  CHECK(epochs == std::vector<Index>{1, 2, 3});
  CHECK(history.status == Status::Stopped);
  CHECK(history.losses.size() == 3);
  CHECK(fit(net, HalfSquaredError{}, Sgd{}, Samples(data.X, data.Z), {.epochs = 2}).status ==
        Status::EpochsDone);
  CHECK(fit(net, HalfSquaredError{}, Sgd{}, Samples(data.X, data.Z), {.epochs = 0}).losses.empty());
  // No bound but the callback's.
  CHECK(fit(net, HalfSquaredError{}, Sgd{}, Samples(data.X, data.Z),
            {.epochs = std::numeric_limits<Index>::max()},
            [](const EpochReport& report) { return report.epoch < 4; })
            .epoch == 4);
}

TEST_CASE("an error that is not finite ends training with its place and the last finite weights") {
  const Data data(4);
  Line net = initialised<Line>();
  Line by_hand = net;
  // It diverges by a factor of some 1e40 a step: E, a square, is the first to overflow.
  const auto history =
      fit(net, HalfSquaredError{}, Sgd{.learning_rate = 1e40}, Samples(data.X, data.Z),
          {.epochs = 5, .batch_size = 1, .shuffle = false});
  CHECK(history.status == Status::NonFinite);
  CHECK(history.epoch == 2);
  REQUIRE((history.step >= 1 && history.step <= 4));
  CHECK(history.losses.size() == 1);
  Workspace<Line> workspace(by_hand);
  Eigen::VectorXd g;
  for (Index step = 0; step < 4 + history.step; ++step) {
    const Eigen::MatrixXd x = data.X.col(step % 4), z = data.Z.col(step % 4);
    const double E = gradient(by_hand, HalfSquaredError{}, Samples(x, z), workspace, g);
    const bool last = step == 3 + history.step;
    CHECK(is_finite(E) == !last);
    if (!last) by_hand.parameters() -= 1e40 * g;
  }
  CHECK(difference(net.parameters(), by_hand.parameters()) < 1e-12);
}

TEST_CASE("a step that overflows the parameters themselves ends training, and they stay finite") {
  Data data(4);
  data.X *= 100;
  for (const Index batch : {Index{1}, full_batch}) {  // in the last step of all, too
    Line net = initialised<Line>();
    const Line before = net;
    const auto history = fit(net, AbsoluteError{}, Sgd{.learning_rate = 1.7e308},
                             Samples(data.X, data.Z), {.batch_size = batch});
    CHECK(history.status == Status::NonFinite);
    CHECK(history.epoch == 1);
    CHECK(history.step >= 1);
    CHECK(net.parameters() == before.parameters());
    CHECK(std::isnan(history.final_loss()));
  }
}

TEST_CASE("Adam on a network of several layers is Adam on the concatenated vector") {
  using Deep = Mlp<double, Input<2>, Dense<5, Tanh>, Dense<3, Sigmoid>, Dense<1, Linear, From<0>>>;
  const Data data(6);
  const Adam adam{.learning_rate = 0.05, .epsilon = 1e-2};
  Deep net = initialised<Deep>();
  Deep by_layer = net;
  fit(net, HalfSquaredError{}, adam, Samples(data.X, data.Z),
      {.epochs = 20, .batch_size = full_batch, .flush_denormals = false});
  // Each layer's block with a state of its own, all at the same gradient.
  const auto& architecture = by_layer.architecture();
  const Index ends[] = {0, architecture.block_offset<2>(), architecture.block_offset<3>(),
                        architecture.parameter_count()};
  std::vector<Adam::State<double>> states;
  for (int l = 0; l < 3; ++l) states.push_back(start<double>(adam, ends[l + 1] - ends[l]));
  Workspace<Deep> workspace(by_layer, 6);
  Eigen::VectorXd g;
  for (int epoch = 0; epoch < 20; ++epoch) {
    gradient(by_layer, HalfSquaredError{}, Samples(data.X, data.Z), workspace, g, Reduction::Mean);
    for (int l = 0; l < 3; ++l) {
      adam.step(
          by_layer.parameters().data() + ends[l],
          [&](const double*, double* out) {
            std::copy(g.data() + ends[l], g.data() + ends[l + 1], out);
            return 0.0;
          },
          states[std::size_t(l)]);
    }
  }
  CHECK(difference(net.parameters(), by_layer.parameters()) < 1e-13);
}

TEST_CASE("weights of samples may be a view with a stride, in any batch") {
  const Data data(7);
  const Eigen::MatrixXd table = (numbers(3, 7, 1).array() + 1.1).matrix();
  const Eigen::VectorXd copied = table.row(1);
  for (const Index batch : {Index{1}, Index{3}, full_batch}) {
    Small net = initialised<Small>();
    Small other = net;
    const FitOptions options{.epochs = 2, .batch_size = batch};
    fit(net, HalfSquaredError{}, Sgd{}, Samples(data.X, data.Z, table.row(1)), options);
    fit(other, HalfSquaredError{}, Sgd{}, Samples(data.X, data.Z, copied), options);
    CHECK(net.parameters() == other.parameters());
  }
}

TEST_CASE("truncated learning carries the state from piece to piece") {
  const Data data(12, 1);
  Loop net = initialised<Loop>();
  Loop by_hand = net;
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, Sequences(data.X, data.Z, 12),
      {.epochs = 1, .batch_size = 1, .truncation = 5});
  Workspace<Loop> workspace(by_hand, 1, 5);
  State<Loop> state(by_hand, 1), next(by_hand, 1);
  Eigen::VectorXd g;
  for (const auto& [from, n] : {std::pair<Index, Index>{0, 5}, {5, 5}, {10, 2}}) {
    const Eigen::MatrixXd x = data.X.middleCols(from, n), z = data.Z.middleCols(from, n);
    gradient(by_hand, HalfSquaredError{}, Sequences(x, z, n), workspace, g, Reduction::Mean, &state,
             &next);
    std::swap(state, next);
    by_hand.parameters() -= 0.1 * g;
  }
  CHECK(difference(net.parameters(), by_hand.parameters()) < 1e-14);
}

TEST_CASE("truncated batches of sequences of different lengths feel no padding") {
  const Data data(36, 1);
  const std::vector<Index> lengths = {12, 4, 7};
  auto trained = [&](Index steps, Index truncation) {
    Eigen::MatrixXd X = data.X, Z = data.Z;
    X.conservativeResize(1, 3 * steps);
    Z.conservativeResize(1, 3 * steps);
    Sequences<double> sequences(X, Z, steps);
    sequences.lengths = lengths.data();
    for (Index c = 0; c < 3 * steps; ++c) {
      if (!sequences.has_target(c)) X(0, c) = Z(0, c) = std::numeric_limits<double>::quiet_NaN();
    }
    Loop net = initialised<Loop>();
    fit(net, HalfSquaredError{}, Adam{.learning_rate = 0.1}, sequences,
        {.epochs = 2, .batch_size = 3, .shuffle = false, .truncation = truncation});
    return net.parameters();
  };
  CHECK(difference(trained(30, 5), trained(12, 5)) < 1e-13);
  CHECK(difference(trained(30, 20), trained(12, 0)) < 1e-13);

  Loop by_hand = initialised<Loop>();
  const Adam adam{.learning_rate = 0.1};
  auto memory = start<double>(adam, by_hand.parameter_count());
  Workspace<Loop> workspace(by_hand, 1, 5);
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::vector<State<Loop>> states(3, State<Loop>(by_hand, 1));
    for (Index t = 0; t < 12; t += 5) {
      adam.step(
          by_hand.parameters().data(),
          [&](const double*, double* out) {
            Eigen::VectorXd sum = Eigen::VectorXd::Zero(by_hand.parameter_count()), g;
            Index targets = 0;
            for (Index b = 0; b < 3; ++b) {
              const Index n = std::min(lengths[std::size_t(b)] - t, Index{5});
              if (n <= 0) continue;
              const Eigen::MatrixXd x = alone(data.X, b, 3, t, n), z = alone(data.Z, b, 3, t, n);
              auto& state = states[std::size_t(b)];
              gradient(by_hand, HalfSquaredError{}, Sequences(x, z, n), workspace, g,
                       Reduction::Sum, &state, &state);
              sum += g;
              targets += n;
            }
            Eigen::VectorXd::Map(out, sum.size()) = sum / double(targets);
            return 0.0;
          },
          memory);
    }
  }
  CHECK(difference(trained(12, 5), by_hand.parameters()) < 1e-13);
}

TEST_CASE("a shuffled batch has each sequence's own steps, length, targets and weights") {
  constexpr Index count = 7, steps = 4;
  const Data data(count * steps, 1);
  std::vector<Index> lengths;
  for (Index b = 0; b < count; ++b) lengths.push_back(1 + b % steps);
  for (const auto at : {TargetsAt::EveryStep, TargetsAt::LastStep}) {
    const bool last = at == TargetsAt::LastStep;
    const Eigen::MatrixXd Z = data.Z.leftCols(last ? count : count * steps);
    Eigen::VectorXd weights(Z.cols());
    for (Index c = 0; c < Z.cols(); ++c) weights[c] = double(c % 4);
    Sequences<double> sequences(data.X, Z, weights, steps);
    sequences.targets_at = at;
    sequences.lengths = lengths.data();
    Loop net = initialised<Loop>();
    Loop by_hand = net;
    fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, sequences,
        {.epochs = 2, .batch_size = 3, .seed = 5});
    Random random(5);
    std::vector<Index> order = {0, 1, 2, 3, 4, 5, 6};
    Workspace<Loop> workspace(by_hand);
    for (int epoch = 0; epoch < 2; ++epoch) {
      shuffle(random, order.data(), count);
      for (Index i = 0; i < count; i += 3) {
        Eigen::VectorXd sum = Eigen::VectorXd::Zero(by_hand.parameter_count()), g;
        Index targets = 0;
        for (Index k = i; k < std::min(i + 3, count); ++k) {
          const Index b = order[std::size_t(k)];
          const Index n = lengths[std::size_t(b)];
          const Eigen::MatrixXd x = alone(data.X, b, count, 0, n);
          const Eigen::MatrixXd z = alone(Z, b, count, 0, last ? 1 : n);
          const Eigen::MatrixXd row = weights.transpose();
          const Eigen::VectorXd w = alone(row, b, count, 0, last ? 1 : n).reshaped();
          Sequences<double> one(x, z, w, n);
          one.targets_at = at;
          gradient(by_hand, HalfSquaredError{}, one, workspace, g);
          sum += g;
          targets += (w.array() != 0).count();
        }
        by_hand.parameters() -= 0.1 / double(std::max(targets, Index{1})) * sum;
      }
    }
    CHECK(difference(net.parameters(), by_hand.parameters()) < 1e-14);
  }
}

TEST_CASE("stateful learning on windows one after the other is truncated learning on the series") {
  const Data data(12, 1);
  Loop stateful = initialised<Loop>();
  Loop truncated = stateful;
  fit(stateful, HalfSquaredError{}, Sgd{.learning_rate = 0.1},
      Windows(data.X, data.Z, {.length = 4, .stride = 4}),
      {.epochs = 2, .batch_size = 1, .shuffle = false, .stateful = true});
  fit(truncated, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, Sequences(data.X, data.Z, 12),
      {.epochs = 2, .batch_size = 1, .truncation = 4});
  CHECK(difference(stateful.parameters(), truncated.parameters()) < 1e-14);
}

TEST_CASE("sequences and windows train in batches and online, and the error falls") {
  Eigen::MatrixXd series(1, 200);
  for (Index t = 0; t < 200; ++t) series(0, t) = std::sin(0.3 * double(t));
  const Windows windows(series, series, {.length = 20, .stride = 5, .horizon = 1, .warm_up = 3});
  for (const Index batch : {1, 8}) {
    Loop net = initialised<Loop>();
    const auto history = fit(net, HalfSquaredError{}, Adam{.learning_rate = 0.01}, windows,
                             {.epochs = 30, .batch_size = batch});
    CHECK(history.final_loss() < 0.1 * history.losses.front());
  }
}

TEST_CASE("the learning rate falls linearly to its final part") {
  const Data data(4);
  std::vector<double> rates;
  Recorder recorder;
  recorder.learning_rate = 1e-3;
  recorder.rates = &rates;
  Small net = initialised<Small>();
  fit(net, HalfSquaredError{}, recorder, Samples(data.X, data.Z),
      {.epochs = 3, .batch_size = full_batch, .final_rate = 0.5});
  REQUIRE(rates.size() == 3);
  CHECK(rates[0] == 1e-3);
  CHECK(rates[1] == Approx(0.75e-3));
  CHECK(rates[2] == Approx(0.5e-3));
  rates.clear();
  fit(net, HalfSquaredError{}, recorder, Samples(data.X, data.Z),
      {.epochs = 3, .batch_size = full_batch, .final_rate = 1e-20});
  CHECK(rates[2] == Approx(1e-23).epsilon(1e-15).margin(0));
}

TEST_CASE("a net of one sigmoid for each class learns classes") {
  Eigen::MatrixXd X(2, 60);
  std::vector<int> labels;
  Random random(4);
  for (Index s = 0; s < 60; ++s) {
    const int c = int(s % 3);
    X(0, s) = std::cos(2.1 * c) + 0.2 * normal(random);
    X(1, s) = std::sin(2.1 * c) + 0.2 * normal(random);
    labels.push_back(c);
  }
  const Eigen::MatrixXd Z = one_hot<double>(labels, 3);
  auto learns = [&](const auto& loss) {
    Mlp<double, Input<2>, Dense<5, Tanh>, Dense<3, Sigmoid>> net;
    Random start(2);
    net.initialize(Glorot{}, start);
    fit(net, loss, Adam{.learning_rate = 0.02}, Samples(X, Z), {.epochs = 150, .batch_size = 10});
    return accuracy(net(X), Z);
  };
  CHECK(learns(BinaryCrossEntropy{}) > 0.95);
  CHECK(learns(HalfSquaredError{}) > 0.95);
}

TEST_CASE("an objective outside fit uses the same gradient: w and g are plain vectors") {
  const Data data(10);
  Small net = initialised<Small>();
  Workspace<Small> workspace(net, 10);
  Eigen::VectorXd g;
  const Momentum momentum{.learning_rate = 0.1};
  auto state = start<double>(momentum, net.parameter_count());
  double first = 0, last = 0;
  for (int i = 0; i < 50; ++i) {
    last = momentum.step(
        net.parameters().data(),
        [&](const double*, double* out) {
          const double E = gradient(net, HalfSquaredError{}, Samples(data.X, data.Z), workspace, g);
          Eigen::VectorXd::Map(out, g.size()) = g;
          return E;
        },
        state);
    if (i == 0) first = last;
  }
  CHECK(last < 0.5 * first);
}
