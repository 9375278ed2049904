// SPDX-License-Identifier: MIT
#include "backfold/training/training.hpp"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Small = Mlp<double, Input<2>, Dense<4, Tanh>, Dense<1, Linear>>;
using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
using Loop = Elman<double, 2, 3, 1>;

template <class Net>
Net initialised(Net net = Net()) {
  Random random(31);
  net.initialize(Uniform{-0.5, 0.5}, random);
  return net;
}

const Eigen::MatrixXd X = numbers(2, 12, 1), Z = numbers(1, 12, 2);
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Sequences of a user, each in matrices of its own, with no check of theirs.
struct Parts {
  struct Part {
    Eigen::MatrixXd x, z;
    Index steps = 1;
    Eigen::VectorXd weights = {};
    TargetsAt targets_at = TargetsAt::EveryStep;
  };
  const std::vector<Part>* parts;

  Index count() const { return static_cast<Index>(parts->size()); }
  Sequences<double> operator[](Index i) const {
    const Part& part = (*parts)[static_cast<std::size_t>(i)];
    Sequences<double> one(part.x, part.z, part.steps);
    one.targets_at = part.targets_at;
    if (part.weights.size() > 0) {
      one.weights = part.weights.data();
      one.weight_count = part.weights.size();
    }
    return one;
  }
};

/// Columns of X and Z as Samples.
struct Single {
  Index count() const { return X.cols(); }
  Samples<double> operator[](Index i) const { return {X.col(i), Z.col(i)}; }
};

/// What fit and Training say of the same data.
template <class Net, class Source>
std::string both_said(const Source& data, const FitOptions& options = {.batch_size = 2}) {
  Net net = initialised<Net>();
  const std::string of_fit = said([&] { fit(net, HalfSquaredError{}, Adam{}, data, options); });
  CHECK(said([&] { Training(net, HalfSquaredError{}, Adam{}, data, options); }) == of_fit);
  return of_fit;
}

/// What is said of two sequences, of which the second is another one than the first.
std::string said_of_second(const Parts::Part& second) {
  const std::vector<Parts::Part> parts = {{X.leftCols(3), Z.leftCols(3), 3}, second};
  const std::string in_batches = both_said<Loop>(Parts{&parts});
  CHECK(both_said<Loop>(Parts{&parts}, {.batch_size = 1}) == in_batches);
  return in_batches;
}

/// Whether this thread flushes denormals.
bool flushes() {
  volatile double smallest = std::numeric_limits<double>::denorm_min();
  return smallest * 1.0 == 0;
}

/// Sgd that writes down whether denormals were flushed in its steps.
struct Watching : Sgd {
  bool* flushed;
  template <class S, Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    *flushed = flushes();
    return Sgd::step(w, objective, state);
  }
};

/// Sgd that does something after its third step.
struct Meddling : Sgd {
  std::function<void()> meddle;
  mutable int steps = 0;
  template <class S, Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    const double error = Sgd::step(w, objective, state);
    if (++steps == 3) meddle();
    return error;
  }
};

}  // namespace

TEST_CASE("Training takes what fit takes, and trains alike") {
  auto by_hand = [](auto net, const auto& data, const FitOptions& options) {
    Training training(net, HalfSquaredError{}, Adam{}, data, options);
    for (Index epoch = 0; epoch < options.epochs; ++epoch) training.run_epoch();
    return net.parameters();
  };
  auto fitted = [](auto net, const auto& data, const FitOptions& options) {
    fit(net, HalfSquaredError{}, Adam{}, data, options);
    return net.parameters();
  };
  const FitOptions options{.epochs = 3, .batch_size = 5};
  const Small net = initialised<Small>();
  const Loop loop = initialised<Loop>();
  const Windows windows(X, Z, {.length = 4, .stride = 2, .warm_up = 1});
  const std::vector<Parts::Part> parts = {{X.leftCols(6), Z.leftCols(6), 6},
                                          {X.rightCols(6), Z.rightCols(6), 6}};
  CHECK(by_hand(net, Samples(X, Z), options) == fitted(net, Samples(X, Z), options));
  CHECK(by_hand(net, Single{}, options) == fitted(net, Samples(X, Z), options));
  CHECK(by_hand(net, Sequences(X, Z, 3), options) == fitted(net, Sequences(X, Z, 3), options));
  CHECK(by_hand(loop, Sequences(X, Z, 3), options) == fitted(loop, Sequences(X, Z, 3), options));
  CHECK(by_hand(loop, windows, options) == fitted(loop, windows, options));
  CHECK(by_hand(loop, Parts{&parts}, options) == fitted(loop, Parts{&parts}, options));

  Small named = net;
  Training<Small, HalfSquaredError, Adam, Samples<double>>(named, {}, {}, Samples(X, Z));
}

TEST_CASE("Training and fit refuse the same data, wherever in them the fault is") {
  const Eigen::MatrixXd few = Z.leftCols(6);
  CHECK(both_said<Small>(Samples(X, few)) ==
        "data: expected 12 columns of targets for 12 columns of inputs, got 6");
  CHECK(both_said<Small>(Samples(Z, Z)) == "data: inputs have 1 rows, the input layer 2 units");
  CHECK(both_said<Small>(Samples(X, X)) == "data: targets have 2 rows, the output layer 1 units");
  Eigen::MatrixXd bad = X;
  bad(1, 11) = not_a_number;
  CHECK(both_said<Small>(Samples(bad, Z)) ==
        "data: inputs hold a number that is not finite at row 1, column 11");
  CHECK(both_said<Loop>(Windows(bad, Z, {.length = 4})) ==
        "data: inputs hold a number that is not finite at row 1, column 11");
  std::vector<double> weights(12, 0.0);
  CHECK(both_said<Small>(Samples(X, Z, weights)) == "data: all weights are 0");
  weights.assign(12, 1.0);
  weights[11] = -1;
  CHECK(both_said<Small>(Samples(X, Z, weights)) == "data: weight 11 is -1, expected >= 0");
  weights.pop_back();
  CHECK(both_said<Small>(Samples(X, Z, weights)) ==
        "data: expected 12 weights, one for each column of targets, got 11");
  const std::vector<Index> lengths = {3, 3, 3, 4};
  Sequences ragged(X, Z, 3);
  ragged.lengths = lengths.data();
  CHECK(both_said<Loop>(ragged) == "data: length of sequence 3 is 4, expected 0 to 3");

  const std::vector<Parts::Part> no_parts;
  const Parts none{&no_parts};
  CHECK(both_said<Loop>(none) == "data: no samples");
  CHECK(both_said<Small>(none, {.batch_size = 1}) == "data: no samples");
}

TEST_CASE("every sequence of a user's source is checked, not the first alone") {
  const Eigen::MatrixXd x = X.leftCols(3), z = Z.leftCols(3);
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(3);
  Eigen::MatrixXd bad = z;
  bad(0, 2) = not_a_number;
  CHECK(said_of_second({x, Z.leftCols(2), 3}) ==
        "data: expected 3 columns of targets for 3 columns of inputs, got 2");
  CHECK(said_of_second({Z.leftCols(3), z, 3}) ==
        "data: inputs have 1 rows, the input layer 2 units");
  CHECK(said_of_second({x, bad, 3}) ==
        "data: targets hold a number that is not finite at row 0, column 2");
  CHECK(said_of_second({X.leftCols(4), Z.leftCols(4), 4}) ==
        "data: sequence 1 has 4 steps, sequence 0 has 3; those of different lengths go into "
        "Sequences, padded, with their lengths");
  CHECK(said_of_second({X.leftCols(6), Z.leftCols(6), 3}) ==
        "data: expected one sequence (or sample) at place 1, got 2");
  CHECK(said_of_second({x, z, 3, ones}) ==
        "data: weights and lengths are for all sequences or for none: sequence 1 differs from "
        "sequence 0");
  CHECK(said_of_second({x, Z.leftCols(1), 3, {}, TargetsAt::LastStep}) ==
        "data: sequence 1 has its targets at other steps than sequence 0");
  const std::vector<Parts::Part> weighted = {{x, z, 3, ones}, {x, z, 3, -ones}};
  CHECK(both_said<Loop>(Parts{&weighted}) == "data: weight 0 is -1, expected >= 0");
  const std::vector<Parts::Part> masked = {{x, z, 3, 0 * ones}, {x, z, 3, 0 * ones}};
  CHECK(both_said<Loop>(Parts{&masked}) == "data: all weights are 0");
}

TEST_CASE("Training flushes denormals in its steps, and no longer") {
  const bool before = flushes();
  const bool can = [] {
    const FlushDenormals flush;
    return flushes();
  }();
  for (const bool active : {true, false}) {
    bool flushed = false;
    Small net = initialised<Small>();
    Training training(net, HalfSquaredError{}, Watching{{}, &flushed}, Samples(X, Z),
                      {.flush_denormals = active});
    training.run_epoch();
    CHECK(flushed == (before || (active && can)));
    CHECK(flushes() == before);
  }
}

TEST_CASE("a network that is given other sizes while it is trained is refused") {
  const char* const changed =
      "training: layer 1 of the network had 3 units when training began, now it has 30";
  const char* const resized = "network: it has 13 parameters, the vector set holds 30";
  const char* const moved = "network: it has 13 parameters, the vector set holds 0";
  const std::vector<std::pair<std::string, std::function<void(Sized&)>>> changes = {
      {changed, [](Sized& net) { net = initialised(Sized(2, 30, 1)); }},
      {"training: layer 0 of the network had 2 units when training began, now it has 1",
       [](Sized& net) { net = initialised(Sized(1, 4, 1)); }},  // as many parameters
      {resized, [](Sized& net) { net.parameters() = Eigen::VectorXd::Ones(30); }},
      {moved, [](Sized& net) { const Sized taken = std::move(net); }},
  };
  for (const auto& [message, change] : changes) {
    for (const Index batch : {Index{1}, Index{5}, full_batch}) {
      Sized net = initialised(Sized(2, 3, 1));
      const FitOptions options{.epochs = 3, .batch_size = batch};
      // In the callback
      CHECK(said([&, &change = change] {
              fit(net, HalfSquaredError{}, Adam{}, Samples(X, Z), options,
                  [&](const EpochReport&) { change(net); });
            }) == message);
      // Between epochs
      net = initialised(Sized(2, 3, 1));
      Training training(net, HalfSquaredError{}, Adam{}, Samples(X, Z), options);
      training.run_epoch();
      change(net);
      CHECK(said([&] { training.run_epoch(); }) == message);
      // In a step
      net = initialised(Sized(2, 3, 1));
      const Meddling meddling{{}, [&, &change = change] { change(net); }};
      CHECK(said([&] { fit(net, HalfSquaredError{}, meddling, Samples(X, Z), options); }) ==
            message);
    }
  }
  // Another network of the same sizes trains on.
  Sized net = initialised(Sized(2, 3, 1));
  Training training(net, HalfSquaredError{}, Adam{}, Samples(X, Z));
  training.run_epoch();
  net = initialised(Sized(2, 3, 1));
  CHECK(is_finite(training.run_epoch()));
}

TEST_CASE("recurrent and large fixed networks are held to their sizes, too") {
  using Wide = Mlp<double, Input<2>, Dense<3000, Tanh>, Dense<1, Linear>>;
  Wide wide = initialised<Wide>();
  CHECK(said([&] {
          fit(wide, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.epochs = 2},
              [&](const EpochReport&) { const Wide taken = std::move(wide); });
        }) == "network: it has 12001 parameters, the vector set holds 0");
  using Sized_ = Rnn<double, Input<2>, Dense<Dynamic, Tanh, Recurrent<>>, Dense<1, Linear>>;
  for (const Index batch : {1, 4}) {
    Sized_ loop = initialised(Sized_(2, 3, 1));
    CHECK(said([&] {
            fit(loop, HalfSquaredError{}, Sgd{}, Sequences(X, Z, 3),
                {.epochs = 2, .batch_size = batch, .truncation = 2},
                [&](const EpochReport&) { loop = initialised(Sized_(2, 9, 1)); });
          }) == "training: layer 1 of the network had 3 units when training began, now it has 9");
  }
}

TEST_CASE("Training refuses a state of other sizes, settings out of range, and to run when moved") {
  Sized net = initialised(Sized(2, 3, 1));
  const ClipNorm clipped{Adam{}, 1.0};
  Training training(net, HalfSquaredError{}, clipped, Samples(X, Z));
  training.optimizer_state() = start<double>(clipped, 12);
  CHECK(said([&] { training.run_epoch(); }) ==
        "training: the optimizer's state is for 12 parameters, the network has 13");
  training.optimizer_state() = start<double>(clipped, 13);
  CHECK(is_finite(training.run_epoch()));
  training.optimizer().inner.learning_rate = not_a_number;
  CHECK(said([&] { training.run_epoch(); }) ==
        "Adam: learning_rate must be finite and >= 0, got nan");
  training.optimizer().inner.learning_rate = 0.1;
  auto taken = std::move(training);
  CHECK(said([&] { training.run_epoch(); }) == "training: it has been moved from");
  CHECK(is_finite(taken.run_epoch()));
}

namespace {

template <class Function>
void for_each_optimizer(const Function& f) {
  f(Sgd{});
  f(Momentum{});
  f(Nesterov{});
  f(RmsProp{});
  f(Adam{});
  f(AdamW{.weight_decay = 0.5});
  f(Rprop{});
  f(ClipNorm{AdamW{}, 0.1});
  f(ClipValue{Momentum{}, 0.1});
}

/// Steps begin to end of X or Z.
Eigen::MatrixXd steps_of(const Eigen::MatrixXd& m, Index begin, Index end) {
  return m.middleCols(begin, end - begin);
}

}  // namespace

TEST_CASE("a batch without a target is no step of any optimizer") {
  Eigen::MatrixXd some_x(2, 8), some_z(1, 8);
  some_x << X.leftCols(4), X.rightCols(4);
  some_z << Z.leftCols(4), Z.rightCols(4);
  const std::vector<double> ones(8, 1.0);
  std::vector<double> weights(12, 1.0);
  for (std::size_t c = 4; c < 8; ++c) weights[c] = 0;
  for (const Reduction reduction : {Reduction::Mean, Reduction::Sum}) {
    for (const Index batch : {1, 4}) {
      CAPTURE(batch);
      const FitOptions options{
          .epochs = 5, .batch_size = batch, .shuffle = false, .reduction = reduction};
      for_each_optimizer([&](const auto& optimizer) {
        Small net = initialised<Small>();
        Small other = net;
        const History masked =
            fit(net, HalfSquaredError{}, optimizer, Samples(X, Z, weights), options);
        const History without =
            fit(other, HalfSquaredError{}, optimizer, Samples(some_x, some_z, ones), options);
        CHECK(net.parameters() == other.parameters());
        CHECK(masked.losses == without.losses);
      });
    }
  }
}

TEST_CASE("a piece of sequences without a target is no step, but its state is carried on") {
  // Targets in steps 4 to 7 alone; pieces of 4 steps.
  std::vector<double> weights(12, 0.0);
  for (std::size_t c = 4; c < 8; ++c) weights[c] = 1;
  for_each_optimizer([&](const auto& optimizer) {
    Loop by_hand = initialised<Loop>();
    auto memory = start<double>(optimizer, by_hand.parameter_count());
    for (int epoch = 0; epoch < 3; ++epoch) {
      State<Loop> state(by_hand);
      Workspace before(by_hand, 1, 4), workspace(by_hand, 1, 4);
      Eigen::VectorXd g;
      run(by_hand, steps_of(X, 0, 4), 4, before, nullptr, &state);
      const Eigen::MatrixXd x = steps_of(X, 4, 8), z = steps_of(Z, 4, 8);
      optimizer.step(
          by_hand.parameters().data(),
          [&](const double* w, double* out) {
            Loop there = by_hand;
            there.parameters() = Eigen::VectorXd::Map(w, there.parameter_count());
            const double e = gradient(there, HalfSquaredError{}, Sequences(x, z, 4), workspace, g,
                                      Reduction::Mean, &state);
            Eigen::VectorXd::Map(out, g.size()) = g;
            return e;
          },
          memory);
    }
    auto is_by_hand = [&](const auto& data, const FitOptions& options) {
      Loop net = initialised<Loop>();
      const History history = fit(net, HalfSquaredError{}, optimizer, data, options);
      CHECK(history.status == TrainingStatus::EpochsDone);
      CHECK(difference(net.parameters(), by_hand.parameters()) < 1e-12);
    };
    is_by_hand(Sequences(X, Z, weights, 12), {.epochs = 3, .batch_size = 1, .truncation = 4});
    is_by_hand(Sequences(X, Z, weights, 12),
               {.epochs = 3, .batch_size = full_batch, .truncation = 4});
    is_by_hand(Windows(X.leftCols(8), Z.leftCols(8), {.length = 8, .warm_up = 4}),
               {.epochs = 3, .batch_size = 1, .truncation = 4});
    const std::vector<Parts::Part> parts = {
        {X.leftCols(4), Z.leftCols(4), 4, Eigen::VectorXd::Zero(4)},
        {steps_of(X, 4, 8), steps_of(Z, 4, 8), 4, Eigen::VectorXd::Ones(4)}};
    is_by_hand(Parts{&parts}, {.epochs = 3, .batch_size = 1, .shuffle = false, .stateful = true});
  });
}

TEST_CASE("an epoch that has lost all its targets is refused, and changes nothing") {
  std::vector<double> weights(12, 1.0);
  for (const Index batch : {1, 4}) {
    Small net = initialised<Small>();
    Training training(net, HalfSquaredError{}, AdamW{}, Samples(X, Z, weights),
                      {.batch_size = batch});
    weights.assign(12, 0.0);
    const auto before = net.parameters();
    CHECK(said([&] { training.run_epoch(); }) == "data: all weights are 0");
    CHECK(net.parameters() == before);
    weights.assign(12, 1.0);
    CHECK(is_finite(training.run_epoch()));
  }
}

TEST_CASE("a run goes on where the one before has ended, and fit starts anew") {
  for (const Index batch : {Index{1}, Index{5}, full_batch}) {
    const FitOptions options{.epochs = 20, .batch_size = batch, .seed = 3};
    for_each_optimizer([&](const auto& optimizer) {
      Small whole = initialised<Small>();
      const History at_once = fit(whole, HalfSquaredError{}, optimizer, Samples(X, Z), options);

      Small net = initialised<Small>();
      auto training = Training(net, HalfSquaredError{}, optimizer, Samples(X, Z), options);
      const History first = training.run(10);
      std::vector<Index> epochs;
      const History second =
          training.run(10, [&](const EpochReport& report) { epochs.push_back(report.epoch); });
      CHECK(net.parameters() == whole.parameters());
      std::vector<double> losses = first.losses;
      losses.insert(losses.end(), second.losses.begin(), second.losses.end());
      CHECK(losses == at_once.losses);
      CHECK(first.epoch == 10);
      CHECK(second.epoch == 20);
      CHECK(training.epoch() == 20);
      CHECK(epochs == std::vector<Index>{11, 12, 13, 14, 15, 16, 17, 18, 19, 20});

      // What fit documents: a second call is the first one again, from other parameters.
      const FitOptions ten{.epochs = 10, .batch_size = batch};
      Small again = initialised<Small>();
      fit(again, HalfSquaredError{}, optimizer, Samples(X, Z), ten);
      Small by_training = again;
      fit(again, HalfSquaredError{}, optimizer, Samples(X, Z), ten);
      Training(by_training, HalfSquaredError{}, optimizer, Samples(X, Z), ten).run(10);
      CHECK(again.parameters() == by_training.parameters());
    });
  }
}

TEST_CASE("runs of recurrent networks and of other data go on, too") {
  const Windows windows(X, Z, {.length = 3, .stride = 3});
  auto is_one_run = [](const auto& data, const FitOptions& options) {
    Loop whole = initialised<Loop>();
    fit(whole, HalfSquaredError{}, Adam{}, data, options);
    Loop net = initialised<Loop>();
    Training training(net, HalfSquaredError{}, Adam{}, data, options);
    for (const Index epochs : {1, 0, 3, 2}) training.run(epochs);
    CHECK(net.parameters() == whole.parameters());
  };
  is_one_run(windows, {.epochs = 6, .batch_size = 3});
  is_one_run(Sequences(X, Z, 4), {.epochs = 6, .batch_size = 2, .truncation = 3});
  is_one_run(Sequences(X, Z, 4), {.epochs = 6, .batch_size = 1});
  is_one_run(windows, {.epochs = 6, .batch_size = 1, .shuffle = false, .stateful = true});
}

TEST_CASE("a run stops where its callback says so, or a step is not finite") {
  Small net = initialised<Small>();
  Training training(net, HalfSquaredError{}, Sgd{}, Samples(X, Z));
  const History stopped =
      training.run(10, [](const EpochReport& report) { return report.epoch < 3; });
  CHECK(stopped.status == TrainingStatus::Stopped);
  CHECK(stopped.losses.size() == 3);
  training.optimizer().learning_rate = 1e300;
  const History ended = training.run(10);
  CHECK(ended.status == TrainingStatus::NonFinite);
  CHECK(ended.epoch == training.epoch());
  CHECK(ended.step >= 1);
  CHECK(net.parameters().allFinite());
  training.optimizer().learning_rate = 0.01;
  net = initialised<Small>();
  CHECK(training.run(2).status == TrainingStatus::EpochsDone);
  CHECK(said([&] { training.run(-1); }) == "run: epochs must be >= 0, got -1");
}

TEST_CASE("the learning rate falls over all runs, and not past its final part") {
  const FitOptions options{.epochs = 5, .batch_size = 5, .final_rate = 0.1};
  Small whole = initialised<Small>();
  fit(whole, HalfSquaredError{}, Adam{}, Samples(X, Z), options);
  Small net = initialised<Small>();
  Training training(net, HalfSquaredError{}, Adam{}, Samples(X, Z), options);
  training.run(2);
  training.run(3);
  CHECK(net.parameters() == whole.parameters());
  CHECK(training.optimizer().learning_rate == Approx(1e-4));
  CHECK(said([&] { training.run(1); }) ==
        "training: the learning rate has fallen to final_rate after 5 epochs: set `epochs` to all "
        "that are to be run");
}

TEST_CASE("Trainer and Training are one") {
  auto net = initialised(Small());
  auto other = net;
  const Samples<double> data(X, Z);
  const FitOptions options{.batch_size = 5};
  Trainer trainer(net, HalfSquaredError{}, Adam{}, data, options);
  Training training(other, HalfSquaredError{}, Adam{}, data, options);
  static_assert(std::is_base_of_v<decltype(trainer), decltype(training)>);
  REQUIRE(trainer.run(3).losses == training.run(3).losses);
  REQUIRE(net.parameters() == other.parameters());
}

TEST_CASE("a user's sequences that are given other sizes while they are learned are refused") {
  for (const Index batch : {1, 2}) {
    for (const Index steps : {1, 2, 4}) {
      std::vector<Parts::Part> parts(3, {X.leftCols(3), Z.leftCols(3), 3});
      Loop net = initialised<Loop>();
      Training training(net, HalfSquaredError{}, Adam{}, Parts{&parts}, {.batch_size = batch});
      training.run_epoch();
      parts[1] = {X.leftCols(steps), Z.leftCols(steps), steps};
      CHECK(said([&] { training.run_epoch(); }) ==
            "data: sequence 1 has other sizes now than when training began");
    }
  }
}
