// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

// Batches cut into shards. Compiled with OpenMP where CMake finds it; without it, more threads than
// one are refused, and all but their number is tested with one.

using namespace backfold;

namespace {

#if defined(_OPENMP)
constexpr bool has_threads = true;
#else
constexpr bool has_threads = false;
#endif
constexpr Index two = has_threads ? 2 : 1;
const std::vector<Index> numbers_of_threads =
    has_threads ? std::vector<Index>{2, 3, 7} : std::vector<Index>{1};

/// Large enough for batches to be split.
using Large = Mlp<double, Input<20>, Dense<100, Tanh>, Dense<60, Tanh>, Dense<2, Linear>>;

template <class Net>
Net drawn(Net net = {}) {
  Random random(3);
  net.initialize(Glorot{}, random);
  return net;
}

template <class Net, class Source, class O = Adam>
Eigen::VectorXd trained(Net net, const Source& data, FitOptions options, Index threads,
                        const O& optimizer = {}) {
  net = drawn(net);
  options.threads = threads;
  const History history = fit(net, HalfSquaredError{}, optimizer, data, options);
  Eigen::VectorXd result(net.parameter_count() + Index(history.losses.size()));
  result.head(net.parameter_count()) = net.parameters();
  for (std::size_t e = 0; e < history.losses.size(); ++e) {
    result[net.parameter_count() + Index(e)] = history.losses[e];
  }
  return result;
}

/// @return the parameters and losses
template <class Net, class Source, class O = Adam>
Eigen::VectorXd same_by_any_number(const Net& net, const Source& data, const FitOptions& options,
                                   const O& optimizer = {}) {
  const Eigen::VectorXd one = trained(net, data, options, 1, optimizer);
  for (const Index threads : numbers_of_threads) {
    CAPTURE(threads);
    CHECK(trained(net, data, options, threads, optimizer) == one);
  }
  return one;
}

template <class Net, class Source>
void threads_change_nothing(const Net& net, const Source& data, const FitOptions& options) {
  const Eigen::VectorXd one = same_by_any_number(net, data, options);
  // Shards are summed in another order than a whole batch.
  const Eigen::VectorXd whole = trained(net, data, options, 0);
  CHECK(difference(one, whole) < 1e-9);
  CHECK(one != whole);
}

}  // namespace

TEST_CASE("training has the same bits for any number of threads", "[threads]") {
  const Eigen::MatrixXd X = numbers(20, 600, 1);
  const Eigen::MatrixXd Z = numbers(2, 600, 2);
  Eigen::VectorXd weights = Eigen::VectorXd::Constant(600, 0.5);
  weights[7] = 0;
  // Last batches: 96, 88, 88
  for (const Index batch_size : {Index{126}, Index{128}, Index{256}, full_batch}) {
    CAPTURE(batch_size);
    threads_change_nothing(Large(), Samples(X, Z), {.epochs = 3, .batch_size = batch_size});
    threads_change_nothing(Large(), Samples(X, Z, weights),
                           {.epochs = 2, .batch_size = batch_size, .reduction = Reduction::Sum});
  }
}

TEST_CASE("sequences are split too: lengths, truncation, windows", "[threads]") {
  const Index steps = 12;
  const Index count = 70;
  const Eigen::MatrixXd X = numbers(3, count * steps, 3);
  const Eigen::MatrixXd Z = numbers(2, count * steps, 4);
  std::vector<Index> lengths(count);
  for (std::size_t b = 0; b < lengths.size(); ++b) lengths[b] = 1 + Index(b) % steps;
  Sequences data(X, Z, steps);
  const Elman<double, 3, 50, 2> net;
  threads_change_nothing(net, data, {.epochs = 2, .batch_size = 33});
  data.lengths = lengths.data();
  threads_change_nothing(net, data, {.epochs = 2, .batch_size = 40});
  threads_change_nothing(net, data, {.epochs = 2, .batch_size = 70, .truncation = 9});
  threads_change_nothing(Rnn<double, Input<3>, Lstm<30>, Dense<2, Linear>>(), data,
                         {.epochs = 2, .batch_size = 40});
  // The first piece has no target: it is passed through for its state.
  std::vector<double> weights(static_cast<std::size_t>(Z.cols()), 1.0);
  std::fill_n(weights.begin(), count * 9, 0.0);
  threads_change_nothing(net, Sequences(X, Z, weights, steps),
                         {.epochs = 2, .batch_size = 70, .truncation = 9});
}

TEST_CASE("streams of different lengths are split too", "[threads]") {
  const Eigen::MatrixXd X = numbers(3, 840, 1), Z = numbers(2, 840, 2);
  std::vector<Sequences<double>> list;  // of 1 to 23 steps
  for (Index i = 0, first = 0; i < 70; ++i, first += 12) {
    const Index steps = 1 + i * 7 % 23, from = (std::min)(first, 840 - steps);
    list.emplace_back(X.middleCols(from, steps), Z.middleCols(from, steps), steps);
  }
  threads_change_nothing(Elman<double, 3, 50, 2>(), Streams(list),
                         {.epochs = 2, .batch_size = 40, .truncation = 12});
}

namespace {

/// SGD that takes no ranges, with a state of no names.
struct Whole {
  template <Real S, Index N = Dynamic>
  struct State {
    explicit State(Index n) : gradient(n) {}
    Vector<S> gradient;
    template <class Function>
    void for_each_value(const Function&) {}
  };
  void(check)() const {}
  template <Real S, Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    const double error = objective(w, state.gradient.data());
    Eigen::Map<Vector<S>>(w, state.gradient.size()) -= S(0.1) * state.gradient;
    return error;
  }
};

/// The same in ranges, of which each throws the number at its begin from some step on.
struct InRanges : Whole {
  int steps_until_thrown = 1000;
  mutable int steps = 0;

  template <Real S, Index N, class Objective, class Ranges = OneRange>
  double step(S* w, Objective&& objective, State<S, N>& state, const Ranges& ranges = {}) const {
    const double error = objective(w, state.gradient.data());
    ++steps;
    ranges.for_each(state.gradient.size(), [&](Index first, Index count) {
      if (steps >= steps_until_thrown) throw first;
      Eigen::Map<Vector<S>>(w + first, count) -= S(0.1) * state.gradient.segment(first, count);
    });
    return error;
  }
};

}  // namespace

TEST_CASE("all optimizers have the same bits for any number of threads, with masks of dropout",
          "[threads]") {
  const Mlp<double, Input<20>, Dense<100, Tanh>, Dropout<100>, Dense<60, Tanh>, Dense<3, Linear>>
      net;
  const Eigen::MatrixXd X = numbers(20, 200, 1);
  const Eigen::MatrixXd Z = numbers(3, 200, 2);
  const auto check = [&](const auto& optimizer) {
    same_by_any_number(net, Samples(X, Z), {.epochs = 2, .batch_size = 128}, optimizer);
  };
  check(Sgd{});
  check(Momentum{});
  check(Nesterov{});
  check(RmsProp{});
  check(AdamW{});
  check(Adam{.beta1 = 0.3});
  check(Rprop{});
  check(ClipNorm{Adam{}, 0.1});
  check(ScaledRates{Nesterov{}, Eigen::ArrayXd::LinSpaced(net.parameter_count(), 0, 1)});
  CHECK(same_by_any_number(net, Samples(X, Z), {.batch_size = 128}, Whole{}) ==
        same_by_any_number(net, Samples(X, Z), {.batch_size = 128}, InRanges{}));
}

TEST_CASE("a team calls each task once, whether its threads spin or sleep", "[threads]") {
  for (const Index size : {1, 2, 3, 7}) {
    detail::Team team(size);
    const detail::Team copy(team);
    CHECK(copy.size() == team.size());
    for (Index round = 0; round < 400; ++round) {
      const Index n = 1 + round % 40;
      std::vector<Index> calls(static_cast<std::size_t>(n), 0);
      team.run(n, [&](Index i) { calls[static_cast<std::size_t>(i)] += i + round; });
      for (Index i = 0; i < n; ++i) REQUIRE(calls[static_cast<std::size_t>(i)] == i + round);
      if (round % 100 == 50) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

TEST_CASE("a training in threads can be copied, and one can run in another", "[threads]") {
  Large net, inner_net;
  Random random(3);
  net.initialize(Glorot{}, random);
  inner_net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(20, 128, 1);
  const Eigen::MatrixXd Z = numbers(2, 128, 2);
  const Samples data(X, Z);
  const FitOptions options{.batch_size = 128, .threads = two};
  const Eigen::VectorXd before = net.parameters();
  Trainer training(net, HalfSquaredError{}, Adam{}, data, options);
  Trainer copy(training);
  training.run(3);
  const Eigen::VectorXd after = net.parameters();
  net.parameters() = before;
  copy.run(3,
           [&](const EpochReport&) { fit(inner_net, HalfSquaredError{}, Adam{}, data, options); });
  CHECK(net.parameters() == after);
}

TEST_CASE("a small network stays whole", "[threads]") {
  const Mlp<double, Input<2>, Dense<8, Tanh>, Dense<1, Sigmoid>> net;
  const Eigen::MatrixXd X = numbers(2, 256, 5);
  const Eigen::MatrixXd Z = numbers(1, 256, 6);
  for (const Index batch_size : {1, 256}) {
    const FitOptions options{.epochs = 2, .batch_size = batch_size};
    CHECK(trained(net, Samples(X, Z), options, two) == trained(net, Samples(X, Z), options, 0));
  }
}

TEST_CASE("what is not finite in one shard ends training", "[threads]") {
  Mlp<double, Input<20>, Dense<100, Tanh>, Dense<60, Relu>, Dense<2, Linear>> net;
  Random random(3);
  net.initialize(Glorot{}, random);
  const auto before = net.parameters();
  const Eigen::MatrixXd X = numbers(20, 256, 7);
  Eigen::MatrixXd Z = numbers(2, 256, 8);
  Z(1, 200) = 1e200;  // its square is infinite
  const History history =
      fit(net, HalfSquaredError{}, Sgd{}, Samples(X, Z),
          {.epochs = 2, .batch_size = full_batch, .shuffle = false, .threads = two});
  CHECK(history.status == Status::NonFinite);
  CHECK(net.parameters() == before);
}

namespace {

/// Half a squared error that throws at a target above 1: its number is what is thrown.
struct Picky : HalfSquaredError {
  template <class Y>
  Y value(const Y& y, const Y& z) const {
    refuse(z);
    return HalfSquaredError::value(y, z);
  }

  template <class Y>
  static void refuse(const Y& z) {
    typename Y::Scalar numbers[Y::size];
    z.store(numbers);
    for (const auto number : numbers) {
      if (number > 1) throw static_cast<int>(number);
    }
  }
};

struct RefusesSecondGradient {
  template <class T, class Gradient>
  void after_gradient(T& training, Gradient&) const {
    if (training.step() == 1) throw 5;
  }
};

/// Samples that can no longer be read from some place on.
struct Torn {
  const Eigen::MatrixXd& X;
  const Eigen::MatrixXd& Z;
  const bool& is_torn;
  Index count() const { return X.cols(); }
  Samples<double> operator[](Index i) const {
    if (is_torn && i >= 30) throw static_cast<int>(i);
    return {X.col(i), Z.col(i)};
  }
};

}  // namespace

TEST_CASE("an exception of a user's loss leaves training as it leaves a loop", "[threads]") {
  Large net = drawn<Large>();
  const auto before = net.parameters();
  const Eigen::MatrixXd X = numbers(20, 256, 9);
  Eigen::MatrixXd Z = numbers(2, 256, 10);
  Z(1, 70) = 2;  // of the four shards, the second, the third and the last
  Z(0, 140) = 3;
  Z(1, 200) = 4;
  for (const Index threads : {Index{0}, Index{1}, two, has_threads ? Index{4} : Index{1}}) {
    CAPTURE(threads);
    const FitOptions options{.batch_size = full_batch, .shuffle = false, .threads = threads};
    for (int again = 0; again < 5; ++again) {
      int caught = 0;
      try {
        fit(net, Picky{}, Adam{}, Samples(X, Z), options);
      } catch (int thrown) {
        caught = thrown;
      }
      CHECK(caught == 2);
      CHECK(net.parameters() == before);
    }
  }
}

TEST_CASE("an exception of a hook, or of an optimizer in threads, leaves training", "[threads]") {
  Large net = drawn<Large>();
  const Eigen::MatrixXd X = numbers(20, 256, 9);
  const Eigen::MatrixXd Z = numbers(2, 256, 10);
  for (const Index threads : {Index{1}, two}) {
    CAPTURE(threads);
    Trainer training(net, HalfSquaredError{}, Adam{}, Samples(X, Z),
                     {.batch_size = 128, .threads = threads});
    CHECK_THROWS_AS(training.run(1, RefusesSecondGradient{}), int);
    CHECK(is_finite(training.run_epoch()));

    InRanges optimizer;
    optimizer.steps_until_thrown = 2;
    Trainer other(net, HalfSquaredError{}, optimizer, Samples(X, Z),
                  {.batch_size = 128, .threads = threads});
    Index caught = -1;
    try {
      other.run(1);
    } catch (Index first) {
      caught = first;
    }
    CHECK(caught == 0);
    other.optimizer().steps_until_thrown = 1000;
    CHECK(is_finite(other.run_epoch()));
  }
}

TEST_CASE("an exception of a user's data leaves training, which can go on after it", "[threads]") {
  Large net = drawn<Large>();
  const Eigen::MatrixXd X = numbers(20, 256, 11);
  const Eigen::MatrixXd Z = numbers(2, 256, 12);
  for (const Index threads : {Index{0}, Index{1}, two}) {
    CAPTURE(threads);
    bool is_torn = false;
    Training training(net, HalfSquaredError{}, Adam{}, Torn{X, Z, is_torn},
                      {.batch_size = full_batch, .shuffle = false, .threads = threads});
    is_torn = true;
    int caught = 0;
    try {
      training.run_epoch();
    } catch (int thrown) {
      caught = thrown;
    }
    CHECK(caught == 30);
    is_torn = false;
    CHECK(is_finite(training.run_epoch()));
  }
}
