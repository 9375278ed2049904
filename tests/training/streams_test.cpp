// SPDX-License-Identifier: MIT
#include "backfold/data/streams.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;
using Eigen::MatrixXd;

namespace {

using Gates = Rnn<double, Input<2>, Lstm<3>, Dense<2, Linear>>;
using Loop = Rnn<double, Input<2>, Dense<4, Tanh, Recurrent<2>>, Dense<2, Linear>>;

/// Streams, each in matrices of exactly its length.
struct Series {
  explicit Series(const std::vector<Index>& lengths) {
    for (const Index steps : lengths) {
      const auto seed = static_cast<unsigned>(2 * X.size());
      X.push_back(numbers(2, steps, seed + 1));
      Z.push_back(numbers(2, steps, seed + 2));
    }
  }
  [[nodiscard]] Sequences<double> operator[](std::size_t i) const {
    return {X[i], Z[i], X[i].cols()};
  }
  [[nodiscard]] Streams<double> streams() const {
    std::vector<Sequences<double>> list;
    for (std::size_t i = 0; i < X.size(); ++i) list.push_back((*this)[i]);
    return Streams(list);
  }
  [[nodiscard]] Index longest() const {
    Index steps = 0;
    for (const MatrixXd& x : X) steps = (std::max)(steps, x.cols());
    return steps;
  }

  std::vector<MatrixXd> X, Z;
};

/// The windows [t, t + steps) of the streams order[0..n), padded with NaN, and what is left of
/// each.
struct Window {
  Window(const Series& series, const Index* order, Index n, Index t, Index steps)
      : X(MatrixXd::Constant(2, n * steps, std::numeric_limits<double>::quiet_NaN())),
        Z(X),
        lengths(static_cast<std::size_t>(n)),
        steps_(steps) {
    for (Index b = 0; b < n; ++b) {
      const auto stream = static_cast<std::size_t>(order[b]);
      const Index end = series.X[stream].cols();
      lengths[static_cast<std::size_t>(b)] = std::clamp(end - t, Index{0}, steps);
      for (Index s = t; s < (std::min)(t + steps, end); ++s) {
        X.col((s - t) * n + b) = series.X[stream].col(s);
        Z.col((s - t) * n + b) = series.Z[stream].col(s);
      }
    }
  }
  [[nodiscard]] Sequences<double> sequences(bool have_lengths) const {
    Sequences<double> data(X, Z, steps_);
    if (have_lengths) data.lengths = lengths.data();
    return data;
  }

  MatrixXd X, Z;
  std::vector<Index> lengths;

 private:
  Index steps_;
};

/// What fit should do, with `gradient` and the optimizer alone.
/// @tparam Batch 1 for online learning, whose products are others
/// @return the parameters
template <class Net, Index Batch>
Eigen::VectorXd by_hand(const Series& series, bool have_lengths, const FitOptions& options) {
  Net net = made<Net>();
  const Adam adam;
  auto state = start<double>(adam, net.parameter_count());
  const auto count = static_cast<Index>(series.X.size());
  std::vector<Index> order(series.X.size());
  std::iota(order.begin(), order.end(), Index{0});
  Random random(options.seed);
  for (Index epoch = 0; epoch < options.epochs; ++epoch) {
    if (options.shuffle) shuffle(random, order.data(), count);
    for (Index i = 0; i < count; i += options.batch_size) {
      const Index n = (std::min)(options.batch_size, count - i);
      Index longest = 0;
      for (Index b = i; b < i + n; ++b) {
        longest = (std::max)(longest, series.X[std::size_t(order[std::size_t(b)])].cols());
      }
      State<Net, Batch> before(net, n), after(net, n);
      for (Index t = 0; t < longest; t += options.truncation) {
        const Index steps = (std::min)(options.truncation, series.longest() - t);
        const Window window(series, order.data() + i, n, t, steps);
        Workspace<Net, Batch> workspace(net, n, steps);
        adam.step(
            net.parameters().data(),
            [&](const double* w, double* g) {
              Eigen::Map<Eigen::VectorXd> slope(g, net.parameter_count());
              const Eigen::Map<const Eigen::VectorXd> at(w, net.parameter_count());
              return gradient(net, HalfSquaredError{}, window.sequences(have_lengths), workspace,
                              slope,
                              {.reduction = Reduction::Mean,
                               .initial = &before,
                               .final = &after,
                               .parameters = at});
            },
            state);
        before = after;
      }
    }
  }
  return net.parameters();
}

template <class Net>
Eigen::VectorXd fitted(const auto& data, const FitOptions& options) {
  Net net = made<Net>();
  const History history = fit(net, HalfSquaredError{}, Adam{}, data, options);
  CHECK(history.status == TrainingStatus::EpochsDone);
  CHECK(net.parameters() != made<Net>().parameters());
  return net.parameters();
}

/// All that a training and its optimizer remember.
struct Memory {
  template <class T>
  void keep(T& training) {
    visit(training, [this](auto& bytes) { numbers.push_back({bytes.begin(), bytes.end()}); });
  }
  template <class T>
  void give(T& training) {
    std::size_t i = 0;
    visit(training, [&](auto& bytes) {
      REQUIRE(bytes.size() == numbers[i].size());
      std::copy(numbers[i].begin(), numbers[i].end(), bytes.begin());
      ++i;
    });
  }
  std::vector<std::vector<std::byte>> numbers;

 private:
  template <class T, class Function>
  static void visit(T& training, const Function& f) {
    const auto visit_values = [&](const char*, auto&& values, auto... count) {
      if constexpr (sizeof...(count) == 1) {  // not the losses, which are there to be shown
        std::span bytes = std::as_writable_bytes(std::span(values, (std::size_t(count), ...)));
        f(bytes);
      }
    };
    training.for_each_value(visit_values);
    training.optimizer_state().for_each_value(visit_values);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("streams are trained as by a loop over their windows", "[nan]", Gates, Loop) {
  for (const bool differ : {false, true}) {
    const Series series(differ ? std::vector<Index>{11, 4, 1, 17, 8}
                               : std::vector<Index>{17, 17, 17, 17, 17});
    for (const Index batch_size : {1, 2, 5}) {
      for (const Index window : {1, 4, 17}) {
        for (const bool shuffles : {false, true}) {
          CAPTURE(differ, batch_size, window, shuffles);
          const FitOptions options{
              .epochs = 3, .batch_size = batch_size, .shuffle = shuffles, .truncation = window};
          const Eigen::VectorXd expected =
              batch_size == 1 ? by_hand<TestType, 1>(series, differ, options)
                              : by_hand<TestType, Dynamic>(series, differ, options);
          CHECK(fitted<TestType>(series.streams(), options) == expected);
        }
      }
    }
  }
}

TEST_CASE("a stream of a batch is trained as if the others were not there") {
  // E is a sum, the learning rate so small that the steps of one epoch add up.
  const Series series({11, 4, 7});
  const FitOptions options{
      .batch_size = 3, .shuffle = false, .reduction = Reduction::Sum, .truncation = 4};
  const Sgd sgd{.learning_rate = 1e-9};
  const auto step_of = [&](const Streams<double>& streams) {
    Gates net = made<Gates>();
    fit(net, HalfSquaredError{}, sgd, streams, options);
    return Eigen::VectorXd((net.parameters() - made<Gates>().parameters()) / sgd.learning_rate);
  };
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(made<Gates>().parameter_count());
  for (std::size_t i = 0; i < 3; ++i) sum += step_of(Streams{series[i]});
  CHECK(difference(step_of(series.streams()), sum) < 1e-5);
}

TEST_CASE("one stream is trained as one sequence is, streams as sequences of a batch are") {
  const MatrixXd X = numbers(2, 36, 1), Z = numbers(2, 36, 2);
  const std::vector<double> weights = [] {
    std::vector<double> w(36, 1);
    w[3] = w[30] = 0;
    return w;
  }();
  std::vector<Index> lengths = {12, 5, 9};
  const MatrixXd states = numbers(State<Gates>(made<Gates>()).size(), 3, 3);
  Sequences three(X, Z, weights, 12);
  for (const bool are_padded : {false, true}) {
    for (const Index truncation : {0, 5}) {
      CAPTURE(are_padded, truncation);
      const FitOptions options{.epochs = 2, .batch_size = 2, .truncation = truncation};
      three.lengths = are_padded ? lengths.data() : nullptr;
      three.initial_states = states;
      CHECK(fitted<Gates>(Streams{three}, options) == fitted<Gates>(three, options));
      const Sequences one(X, Z, 36);
      CHECK(fitted<Gates>(Streams{one}, options) == fitted<Gates>(one, options));
      // From lists in two memories
      three.initial_states = ConstMatrixView<double>(nullptr, 0, 0);
      const std::vector<Sequences<double>> list = {three[0], three[1], three[2]};
      CHECK(fitted<Gates>(Streams(list), options) == fitted<Gates>(three, options));
    }
  }
}

TEST_CASE("streams with a target for each of them, at its last step") {
  const MatrixXd X = numbers(2, 36, 1), Z = numbers(2, 3, 2);
  const std::vector<Index> lengths = {12, 5, 9};
  Sequences three(X, Z, 12);
  three.lengths = lengths.data();
  three.targets_at = TargetsAt::LastStep;
  const FitOptions options{.epochs = 2, .batch_size = 2};
  CHECK(fitted<Loop>(Streams{three}, options) == fitted<Loop>(three, options));
}

TEST_CASE("training on streams goes on from what a checkpoint keeps") {
  const Series series({11, 4, 1, 17, 8});
  const FitOptions options{.epochs = 5, .batch_size = 2, .truncation = 4};
  const auto streams = series.streams();
  Memory memory;
  {
    Gates net = made<Gates>();
    Trainer training(net, HalfSquaredError{}, Adam{}, streams, options);
    training.run(2);
    memory.keep(training);
  }
  Gates net;
  Trainer training(net, HalfSquaredError{}, Adam{}, streams, options);
  memory.give(training);
  training.run(3);
  CHECK(net.parameters() == fitted<Gates>(streams, options));
}

TEST_CASE("the held-out loss of streams is that of each over its whole length") {
  const Series series({11, 4, 7});
  Gates net = made<Gates>();
  Validate validate(series.streams());
  fit(net, HalfSquaredError{}, Sgd{}, series.streams(), {.batch_size = 3, .truncation = 4},
      validate);
  double E = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    Workspace<Gates> workspace(net, 1, series.longest());
    E += loss_of(net, HalfSquaredError{}, series[i], workspace);
  }
  CHECK(validate.loss() == Approx(E / 22).epsilon(1e-13));
}

TEST_CASE("streams that do not suit each other are refused") {
  const MatrixXd X = numbers(2, 12, 1), Z = numbers(2, 12, 2), wide = numbers(3, 12, 1);
  const std::vector<double> weights(12, 1);
  const auto trained = [](const Streams<double>& streams) {
    Gates net = made<Gates>();
    fit(net, HalfSquaredError{}, Sgd{}, streams, {});
  };
  const Sequences plain(X, Z, 12);
  CHECK(said([] { Streams(std::vector<Sequences<double>>{}); }) ==
        "streams: expected at least one, got none");
  CHECK(said([&] { Streams{Sequences(X, Z, 5)}; }) ==
        "data: 12 columns of inputs are no whole number of sequences of 5 steps");
  const Index none = 0;
  Sequences empty(X, Z, 12);
  empty.lengths = &none;
  CHECK(said([&] { Streams{empty}; }) == "streams: no stream has a step");
  CHECK(said([&] {
          trained(Streams{plain, Sequences(X, Z, weights, 12)});
        }) ==
        "data: weights and lengths are for all sequences or for none: sequence 1 differs from "
        "sequence 0");
  CHECK(said([&] {
          trained(Streams{plain, Sequences(wide, Z, 12)});
        }) == "data: inputs have 3 rows, the input layer 2 units");
  const Streams streams{plain};
  CHECK(said([&] { (void)streams[1]; }) == "streams: no stream 1 of 1");
  CHECK(said([&] { (void)streams[-1]; }) == "streams: no stream -1 of 1");
  CHECK(streams.steps_of(0) == 12);
}
