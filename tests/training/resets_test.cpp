// SPDX-License-Identifier: MIT
// Training over sequences that are reset at some of their steps.
#include <algorithm>
#include <cmath>
#include <vector>

#include "backfold/analysis/hessian.hpp"
#include "backfold/backfold.hpp"
#include "backfold/second_order/fit_least_squares.hpp"
#include "catch.hpp"
#include "drawn_sequences.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Net =
    Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Recurrent<2>>, Lstm<3>, Dense<2, Linear>>;
constexpr Index steps = 8, batch = 5;

std::vector<char> drawn_flags(Index columns, std::uint64_t seed) {
  Random random(seed);
  std::vector<char> flags(static_cast<std::size_t>(columns));
  for (char& flag : flags) flag = random() % 3 == 0;
  return flags;
}

/// Sequences first..first+n of a batch with their flags, in memory of their own.
struct Part {
  Part(const Matrix<double>& X_all, const Matrix<double>& Z_all, const std::vector<char>& all,
       Index first, Index n, Index t, Index count)
      : X(X_all.rows(), n * count), Z(Z_all.rows(), n * count) {
    for (Index c = 0; c < n * count; ++c) {
      const Index from = (t + c / n) * batch + first + c % n;
      X.col(c) = X_all.col(from);
      Z.col(c) = Z_all.col(from);
      flags.push_back(all[static_cast<std::size_t>(from)]);
    }
  }
  Matrix<double> X, Z;
  std::vector<char> flags;
};

/// An epoch of SGD by a loop over gradients, `size` sequences and `piece` steps at a time.
Vector<double> by_hand(DrawnSequences<Net>& all, const std::vector<char>& flags, Index size,
                       Index piece) {
  Net net = all.net;
  for (Index first = 0; first < batch; first += size) {
    const Index n = (std::min)(size, batch - first);
    State<Net> state(net, n);
    for (Index t = 0; t < steps; t += piece) {
      const Index count = (std::min)(piece, steps - t);
      const Part part(all.X, all.Z, flags, first, n, t, count);
      Sequences data(part.X, part.Z, count);
      data.resets = part.flags;
      Workspace<Net> workspace(net, n, count);
      Vector<double> g;
      gradient(net, HalfSquaredError{}, data, workspace, g, {.initial = &state, .final = &state});
      net.parameters() -= 0.1 / double(n * count) * g;
    }
  }
  return net.parameters();
}

}  // namespace

TEST_CASE("training over sequences with resets takes the steps of their gradients", "[resets]") {
  DrawnSequences<Net> all(steps, batch);
  const auto flags = drawn_flags(steps * batch, 4);
  Sequences data = all.data();
  data.resets = flags;
  for (const Index size : {1, 2, 5}) {
    for (const Index piece : {8, 3}) {
      INFO("batches of " << size << ", " << piece << " steps");
      Net net = all.net;
      fit(net, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, data,
          {.epochs = 1,
           .batch_size = size,
           .shuffle = false,
           .truncation = piece == steps ? 0 : piece});
      CHECK((net.parameters() - by_hand(all, flags, size, piece)).norm() < 1e-13);
      Net other = all.net;
      fit(other, HalfSquaredError{}, Sgd{.learning_rate = 0.1}, all.data(),
          {.epochs = 1, .batch_size = size, .shuffle = false});
      CHECK((net.parameters() - other.parameters()).norm() > 1e-6);
    }
  }
}

TEST_CASE("streams of different lengths are reset inside", "[resets]") {
  DrawnSequences<Net> all(steps, 2);
  const auto flags = drawn_flags(2 * steps, 9);
  Sequences data = all.data();
  data.resets = flags;
  std::vector<Sequences<double>> whole;
  for (Index b = 0; b < 2; ++b) whole.push_back(data[b]);
  whole[1] = detail::part_of(whole[1], 0, 5, nullptr);  // five steps are all of the second one
  Net streams_net = all.net, padded_net = all.net;
  const FitOptions options{.epochs = 3, .batch_size = 2, .truncation = 3};
  fit(streams_net, HalfSquaredError{}, Adam{}, Streams(whole), options);
  const std::vector<Index> lengths{steps, 5};
  data.lengths = lengths.data();
  fit(padded_net, HalfSquaredError{}, Adam{}, data, options);
  CHECK(streams_net.parameters() == padded_net.parameters());
}

namespace {

/// The loss that Validate finds in a run that leaves the network as it is.
template <class Data>
double validated(const Net& net, const Data& data, Reduction reduction) {
  Net held = net;
  DrawnSequences<Net> other(2, 1);
  Validate validate(data);
  fit(held, HalfSquaredError{}, Sgd{.learning_rate = 0}, other.data(),
      {.epochs = 1, .reduction = reduction}, validate);
  return validate.loss();
}

}  // namespace

TEST_CASE("validation over resets finds the loss of the data", "[resets]") {
  const Index count = GENERATE(1, 5, 200);  // 200 take two passes, of 128 and 72 sequences
  const Reduction reduction = GENERATE(Reduction::Mean, Reduction::Sum);
  DrawnSequences<Net> all(steps, count);
  const auto flags = drawn_flags(steps * count, 2);
  Sequences data = all.data();
  const double without = validated(all.net, data, reduction);
  data.resets = flags;
  const double E = loss_of(all.net, HalfSquaredError{}, data, all.workspace,
                           PassOptions<Net>{.reduction = reduction});
  CHECK(validated(all.net, data, reduction) == Approx(E).epsilon(1e-13));
  CHECK(std::abs(without - E) > 1e-6 * E);
  const std::vector<Index> lengths(static_cast<std::size_t>(count), 6);
  data.lengths = lengths.data();
  CHECK(validated(all.net, data, reduction) ==
        Approx(loss_of(all.net, HalfSquaredError{}, data, all.workspace,
                       PassOptions<Net>{.reduction = reduction}))
            .epsilon(1e-13));
}

TEST_CASE("windows carry the resets of their steps", "[resets]") {
  DrawnSequences<Net> all(40, 1);
  const auto flags = drawn_flags(40, 6);
  const WindowOptions options{.length = 8, .stride = 3, .horizon = 1, .resets = flags};
  const Windows windows(all.X, all.Z, options);
  Workspace<Net> workspace(all.net, 1, 8);
  // Each window by hand
  const auto loss_by_hand = [&](const Windows<double>& some) {
    double sum = 0;
    for (Index i = 0; i < some.count(); ++i) {
      Sequences one(all.X.middleCols(some.start(i), 8), all.Z.middleCols(some.start(i) + 1, 8), 8);
      const std::vector<char> own(flags.begin() + some.start(i), flags.begin() + some.start(i) + 8);
      one.resets = own;
      sum += loss_of(all.net, HalfSquaredError{}, one, workspace);
    }
    return sum;
  };
  const auto [early, late] = windows.split(0.5);
  for (const Windows<double>* some : {&windows, &early, &late}) {
    CHECK(validated(all.net, *some, Reduction::Sum) == Approx(loss_by_hand(*some)).epsilon(1e-13));
  }
  CHECK(validated(all.net, Windows(all.X, all.Z, {.length = 8, .stride = 3, .horizon = 1}),
                  Reduction::Sum) != Approx(loss_by_hand(windows)).epsilon(1e-6));

  Net net = all.net, other = all.net;
  const FitOptions run{.epochs = 2, .batch_size = 4};
  fit(net, HalfSquaredError{}, Adam{}, windows, run);
  fit(other, HalfSquaredError{}, Adam{},
      Windows(all.X, all.Z, {.length = 8, .stride = 3, .horizon = 1}), run);
  CHECK((net.parameters() - other.parameters()).norm() > 1e-6);
}

TEST_CASE("windows that carry the state from one to the next reset it between", "[resets]") {
  DrawnSequences<Net> all(40, 1);
  const auto flags = drawn_flags(40, 6);
  Sequences data = all.data();
  data.resets = flags;
  Net net = all.net, other = all.net;
  fit(net, HalfSquaredError{}, Sgd{},
      Windows(all.X, all.Z, {.length = 8, .stride = 8, .resets = flags}),
      {.epochs = 2, .batch_size = 1, .shuffle = false, .stateful = true});
  fit(other, HalfSquaredError{}, Sgd{}, data, {.epochs = 2, .batch_size = 1, .truncation = 8});
  CHECK((net.parameters() - other.parameters()).norm() < 1e-13);
}

TEST_CASE("training refuses resets of another number, and of some sequences alone", "[resets]") {
  DrawnSequences<Net> all(steps, batch);
  const std::vector<char> flags(7, 1);
  Sequences data = all.data();
  data.resets = flags;
  Net net = all.net;
  CHECK(said([&] { fit(net, HalfSquaredError{}, Sgd{}, data); }) ==
        "data: expected 40 resets, one for each column of inputs, got 7");
  CHECK(said([&] { fit_least_squares(net, data); }) ==
        "data: expected 40 resets, one for each column of inputs, got 7");
  const std::vector<char> right(40, 1);
  data.resets = right;
  CHECK(said([&] { fit_least_squares(net, data); }) ==
        "fit_least_squares: expected sequences without resets; cut them with Episodes");
  CHECK(said([&] { Windows(all.X, all.Z, {.length = 8, .resets = flags}); }) ==
        "windows: expected 40 resets, one for each column of inputs, got 7");
  CHECK(said([&] { (void)hessian(net, HalfSquaredError{}, data); }) ==
        "hessian: expected sequences without resets");

  struct Mixed {
    const Sequences<double>& data;
    [[nodiscard]] Index count() const { return 2; }
    Sequences<double> operator[](Index i) const {
      Sequences<double> one = data[i];
      if (i == 1) one.resets = {};
      return one;
    }
  };
  CHECK(said([&] { fit(net, HalfSquaredError{}, Sgd{}, Mixed{data}); }) ==
        "data: resets are for all sequences or for none: sequence 1 differs from sequence 0");
}
