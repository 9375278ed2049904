// SPDX-License-Identifier: MIT
#include <algorithm>
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
using Loop = Elman<double, 2, 3, 1>;

template <class Net>
Net initialised(Net net = Net()) {
  Random random(31);
  net.initialize(Uniform{-0.5, 0.5}, random);
  return net;
}

const Eigen::MatrixXd X = numbers(2, 12, 1), Z = numbers(1, 12, 2);

/// Writes down what it is called with.
struct Diary {
  std::string text;
  template <class T>
  void begin(T& training) {
    text += "begin " + std::to_string(training.epoch()) + "/" +
            std::to_string(training.last_epoch()) + ";";
  }
  template <class T, class G>
  void after_gradient(T&, G gradient) {
    text += "g" + std::to_string(gradient.size()) + " ";
  }
  template <class T>
  void after_step(T& training) {
    text += std::to_string(training.epoch()) + "." + std::to_string(training.step()) + "/" +
            std::to_string(training.steps_per_epoch()) + ";";
  }
  template <class T>
  void after_epoch(T& training, const EpochReport& report) {
    text += "epoch " + std::to_string(report.epoch) + ";";
    CHECK(training.losses().back() == report.loss);
  }
  template <class T>
  void end(T&, const History& history) {
    text += "end " + std::to_string(history.losses.size());
  }
};

/// Lets no epoch run.
struct Refuses {
  template <class T>
  bool begin(T&) {
    return false;
  }
};

struct Named {
  char name;
  std::string* calls;
  bool go_on = true;
  template <class T>
  bool after_epoch(T&, EpochReport&) {
    *calls += name;
    return go_on;
  }
};

struct Freeze {
  template <class T, class G>
  void after_gradient(T&, G gradient) const {
    gradient.head(12).setZero();
  }
};

struct Sum {
  double total = 0;
  template <class T>
  void after_step(T& training) {
    total += training.step_loss() * (training.step() == 1 ? 7 : 5);
  }
};

struct End {
  TrainingStatus status = TrainingStatus::EpochsDone;
  template <class T>
  void end(T&, const History& history) {
    status = history.status;
  }
};

/// Callables of two kinds of return.
struct Reports {
  std::vector<EpochReport> all;
  void operator()(const EpochReport& report) { all.push_back(report); }
};

const Eigen::MatrixXd held_out_X = numbers(2, 7, 3), held_out_Z = numbers(1, 7, 4);

}  // namespace

TEST_CASE("a hook is called at its places, in order") {
  Small net = initialised<Small>();
  Diary diary;
  fit(net, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.epochs = 2, .batch_size = 7}, diary);
  CHECK(diary.text == "begin 0/2;g17 1.1/2;g17 1.2/2;epoch 1;g17 2.1/2;g17 2.2/2;epoch 2;end 2");
  Diary online;
  fit(net, HalfSquaredError{}, Sgd{}, Samples(X.leftCols(2), Z.leftCols(2)),
      {.epochs = 1, .batch_size = 1}, online);
  CHECK(online.text == "begin 0/1;g17 1.1/2;g17 1.2/2;epoch 1;end 1");
}

TEST_CASE("each piece of a truncated pass is a step for hooks") {
  Loop net = initialised<Loop>();
  for (const Index batch : {1, 2}) {
    Diary diary;
    fit(net, HalfSquaredError{}, Sgd{}, Sequences<double>(X, Z, 6),
        {.batch_size = batch, .truncation = 4}, diary);
    const std::string g = "g" + std::to_string(net.parameter_count()) + " ";
    CHECK(diary.text == (batch == 2 ? "begin 0/1;" + g + "1.1/2;" + g + "1.2/2;epoch 1;end 1"
                                    : "begin 0/1;" + g + "1.1/4;" + g + "1.2/4;" + g + "1.3/4;" +
                                          g + "1.4/4;epoch 1;end 1"));
  }
}

TEST_CASE("hooks and callables are called in their order, all of them even where one stops") {
  Small net = initialised<Small>();
  std::string calls;
  const auto plain = [&](const EpochReport&) { calls += 'c'; };
  Training training(net, HalfSquaredError{}, Sgd{}, Samples(X, Z));
  const History history =
      training.run(5, Named{'a', &calls}, plain, Named{'b', &calls, false}, Named{'d', &calls});
  CHECK(calls == "acbd");
  CHECK(history.status == Status::Stopped);
  CHECK(history.losses.size() == 1);
  CHECK(training.losses().empty());
}

TEST_CASE("a hook may end a run before its first epoch") {
  Small net = initialised<Small>();
  const Small before = net;
  Refuses refuses;
  Diary diary;
  const History history =
      fit(net, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.epochs = 3}, refuses, diary);
  REQUIRE(history.status == TrainingStatus::Stopped);
  REQUIRE(history.epoch == 0);
  REQUIRE(net.parameters() == before.parameters());
  REQUIRE(diary.text == "begin 0/3;end 0");
}

TEST_CASE("hooks after the one that ends a run know it") {
  Small net = initialised<Small>();
  std::string calls;
  Named ends{'a', &calls, false};
  bool known = false;
  const auto look = [&](const EpochReport& report) { known = report.is_last; };
  fit(net, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.epochs = 3}, look, ends);
  REQUIRE(!known);
  fit(net, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.epochs = 3}, ends, look);
  REQUIRE(known);
}

TEST_CASE("hooks that only look change no bit of training") {
  Small plain = initialised<Small>(), watched = initialised<Small>();
  for (const Index batch : {Index{1}, Index{5}, full_batch}) {
    const FitOptions options{.epochs = 3, .batch_size = batch};
    fit(plain, HalfSquaredError{}, ClipNorm{Adam{}, 0.1}, Samples(X, Z), options);
    Diary diary;
    fit(watched, HalfSquaredError{}, ClipNorm{Adam{}, 0.1}, Samples(X, Z), options, diary);
    CHECK(plain.parameters() == watched.parameters());
  }
}

TEST_CASE("a hook may change the gradient before the optimizer uses it") {
  for (const Index batch : {1, 4}) {
    Small net = initialised<Small>();
    const Small before = net;
    fit(net, HalfSquaredError{}, Adam{}, Samples(X, Z), {.epochs = 2, .batch_size = batch},
        Freeze{});
    CHECK(net.parameters().head(12) == before.parameters().head(12));
    CHECK((net.parameters().tail(5) - before.parameters().tail(5)).cwiseAbs().minCoeff() > 0);
  }
}

TEST_CASE("the losses of steps, weighed by their targets, make that of the epoch") {
  Small net = initialised<Small>();
  Sum sum;
  const auto history = fit(net, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.batch_size = 7}, sum);
  CHECK(history.final_loss() == Approx(sum.total / 12).epsilon(1e-14));
}

TEST_CASE("hooks are told the end of a run whose numbers are not finite") {
  Small net = initialised<Small>();
  End end;
  fit(net, HalfSquaredError{}, Sgd{.learning_rate = 1e200}, Samples(X, Z), {.epochs = 9}, end);
  CHECK(end.status == TrainingStatus::NonFinite);
}

TEST_CASE("Validate finds the error of held-out data and shows it to later hooks") {
  for (const Reduction reduction : {Reduction::Mean, Reduction::Sum}) {
    Small net = initialised<Small>();
    const Samples held_out(held_out_X, held_out_Z);
    Validate validate(held_out, 2);
    Reports before, after;
    std::vector<double> by_hand;
    const auto look = [&](const EpochReport& report) {
      if (report.epoch % 2 == 0) {
        by_hand.push_back(0.5 * (net(held_out_X) - held_out_Z).squaredNorm() /
                          (reduction == Reduction::Mean ? 7 : 1));
      }
    };
    Small plain = net;
    const FitOptions options{.epochs = 5, .batch_size = 4, .reduction = reduction};
    fit(net, HalfSquaredError{}, Adam{}, Samples(X, Z), options, before, validate, after, look);
    REQUIRE(validate.losses().size() == 2);
    CHECK(validate.epoch() == 4);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(validate.losses()[i] == Approx(by_hand[i]).epsilon(1e-13));
      CHECK(after.all[2 * i + 1].validation_loss == validate.losses()[i]);
      CHECK(!is_finite(after.all[2 * i].validation_loss));
      CHECK(!is_finite(before.all[2 * i + 1].validation_loss));
    }
    fit(plain, HalfSquaredError{}, Adam{}, Samples(X, Z), options);
    CHECK(plain.parameters() == net.parameters());
  }
}

TEST_CASE("Validate takes long data in parts, weights, windows and dropout out of training mode") {
  using Dropped = Mlp<double, Input<2>, Dense<8, Tanh>, Dropout<8>, Dense<1, Linear>>;
  Dropped net = initialised<Dropped>();
  const Eigen::MatrixXd many = numbers(2, 2500, 5);
  const Eigen::MatrixXd targets = numbers(1, 2500, 6);
  Validate validate(Samples(many, targets));
  fit(net, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.epochs = 1}, validate);
  CHECK(validate.loss() == Approx(0.5 * (net(many) - targets).squaredNorm() / 2500).epsilon(1e-12));

  Loop loop = initialised<Loop>();
  const Windows windows(many, targets, {.length = 5, .stride = 3, .warm_up = 2});
  Validate over_windows(windows);
  fit(loop, HalfSquaredError{}, Sgd{}, Sequences<double>(X, Z, 4), {.epochs = 1}, over_windows);
  double sum = 0, count = 0;
  Workspace<Loop> workspace(loop, 1, 5);
  for (Index i = 0; i < windows.count(); ++i) {
    sum += loss_of(loop, HalfSquaredError{}, windows[i], workspace);
    count += double(windows[i].target_count());
  }
  CHECK(over_windows.loss() == Approx(sum / count).epsilon(1e-12));
}

TEST_CASE("Validate refuses data without a target, also where they have lost them since") {
  Small net = initialised<Small>();
  for (const Reduction reduction : {Reduction::Mean, Reduction::Sum}) {
    std::vector<double> weights(7, 0.0);
    Validate validate(Samples(held_out_X, held_out_Z, weights));
    Training training(net, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.reduction = reduction});
    CHECK(said([&] { training.run(1, validate); }) == "data: all weights are 0");
    weights[3] = 1;
    training.run(1, validate);
    CHECK(is_finite(validate.loss()));
    const auto loses_targets = [&](const EpochReport&) { weights[3] = 0; };
    CHECK(said([&] { training.run(2, validate, loses_targets); }) ==
          "Validate: the held-out data have lost all their targets");
  }
}

TEST_CASE("StopEarly ends training at a target, and after losses without a gain") {
  Small net = initialised<Small>();
  const Samples data(X, Z);
  Reports reports;
  auto stopped = fit(net, HalfSquaredError{}, Adam{}, data, {.epochs = 50}, reports,
                     StopEarly({.target_loss = 1e9}));
  CHECK(stopped.status == Status::Stopped);
  CHECK(stopped.losses.size() == 1);
  // The first loss is a gain, after it three are not: none is lower by 1e9.
  stopped = fit(net, HalfSquaredError{}, Adam{}, data, {.epochs = 50},
                StopEarly({.patience = 3, .minimum_gain = 1e9}));
  CHECK(stopped.losses.size() == 4);
  // Evaluations are counted, not epochs.
  Validate validate(Samples(held_out_X, held_out_Z), 2);
  stopped = fit(net, HalfSquaredError{}, Adam{}, data, {.epochs = 50}, validate,
                StopEarly({.patience = 3, .minimum_gain = 1e9}, validate));
  CHECK(stopped.losses.size() == 8);
  CHECK(fit(net, HalfSquaredError{}, Sgd{.learning_rate = 1e-3}, data,
            {.epochs = 9, .batch_size = full_batch}, StopEarly({.patience = 1}))
            .status == Status::EpochsDone);
}

TEST_CASE("KeepBest gives the network the parameters of its best epoch") {
  struct Copies {
    const Small& net;
    std::vector<Eigen::VectorXd> all;
    void operator()(const EpochReport&) { all.push_back(net.parameters()); }
  };
  Small net = initialised<Small>();
  Copies copies{net, {}};
  Validate validate(Samples(held_out_X, held_out_Z));
  KeepBest best(validate);
  fit(net, HalfSquaredError{}, Adam{.learning_rate = 0.3}, Samples(X, Z), {.epochs = 40}, validate,
      best, copies);
  const auto& losses = validate.losses();
  const auto lowest = std::min_element(losses.begin(), losses.end());
  const auto place = static_cast<std::size_t>(lowest - losses.begin());
  REQUIRE(place + 1 < losses.size());  // else the last epoch is the best, and shows nothing
  CHECK(best.epoch() == static_cast<Index>(place) + 1);
  CHECK(best.loss() == *lowest);
  CHECK(net.parameters() == copies.all[place]);
  CHECK(0.5 * (net(held_out_X) - held_out_Z).squaredNorm() / 7 == Approx(*lowest));
}

TEST_CASE("hooks that are used wrongly say so") {
  Small net = initialised<Small>();
  const Samples data(X, Z);
  Validate validate(data);
  CHECK(said([&] {
          fit(net, HalfSquaredError{}, Sgd{}, data, {}, StopEarly({}, validate), validate);
        }) == "StopEarly: its Validate must be given too, before it");
  CHECK(said([&] { fit(net, HalfSquaredError{}, Sgd{}, data, {}, KeepBest(validate)); }) ==
        "KeepBest: its Validate must be given too, before it");
  CHECK(said([&] { Validate(data, 0); }) == "Validate: every must be >= 1, got 0");
  CHECK(said([&] { fit(net, HalfSquaredError{}, Sgd{}, data, {}, StopEarly({.patience = 0})); }) ==
        "StopEarly: patience must be >= 1, got 0");
}
