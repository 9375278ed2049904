// SPDX-License-Identifier: MIT
// A state before the first step of each sequence, given with the data.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

/// Delays of 1 and 3, a memory, and a recurrent output: a column holds 3·2 + 2·4 + 1 = 15 numbers.
template <class S>
using Delays = Rnn<S, Input<2>, Dense<2, Tanh, Delayed<1>, Delayed<1, 3>>, Lstm<4>,
                   Dense<1, Tanh, Recurrent<>>>;
using Loop = Elman<double, 2, 3, 1>;
using SizedLoop =
    Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>>, Dense<Dynamic, Linear>>;

constexpr Index B = 3;
constexpr Index T = 5;

/// The state of each sequence in a column, in one of a batch, through the views of both.
template <Index Batch = Dynamic, class Net>
State<Net, Batch> batch_state(const Net& net, const Matrix<typename Net::Scalar>& columns) {
  State<Net, Batch> batch(net, columns.cols());
  State<Net> one(net);
  REQUIRE(one.size() == columns.rows());
  for (Index b = 0; b < columns.cols(); ++b) {
    one.values() = columns.col(b);
    if constexpr (Net::layer_count == 4) {
      for (int d = 1; d <= 3; ++d) {
        batch.template output<1>(d).col(b) = one.template output<1>(d);
      }
      batch.template output<2>().col(b) = one.template output<2>();
      batch.template memory<2>().col(b) = one.template memory<2>();
      batch.template output<3>().col(b) = one.template output<3>();
    } else {
      batch.template output<1>().col(b) = one.template output<1>();
    }
  }
  return batch;
}

template <class S>
Matrix<S> drawn(Index rows, Index cols, std::uint64_t seed) {
  return numbers(rows, cols, seed).template cast<S>();
}

template <class Net>
Index remembered() {
  return State<Net>(Net()).size();
}

/// Columns `from` to `to` of the sequences in time-major blocks of `batch`.
Eigen::MatrixXd sequences_of(const Eigen::MatrixXd& X, Index batch, Index from, Index to) {
  Eigen::MatrixXd part(X.rows(), X.cols() / batch * (to - from));
  for (Index t = 0; t < X.cols() / batch; ++t) {
    part.middleCols(t * (to - from), to - from) = X.middleCols(t * batch + from, to - from);
  }
  return part;
}

template <class S>
void check_pass(Index steps, Index batch, const Index* lengths = nullptr) {
  using Net = Delays<S>;
  Net net;
  net.parameters() = drawn<S>(net.parameter_count(), 1, 7);
  const Matrix<S> X = drawn<S>(2, steps * batch, 1), Z = drawn<S>(1, steps * batch, 2),
                  M = drawn<S>(remembered<Net>(), batch, 3);
  Sequences<S> plain(X, Z, steps), given(X, Z, steps);
  plain.lengths = given.lengths = lengths;
  given.initial_states = M;
  const State<Net> state = batch_state(net, M);
  Workspace<Net> workspace(net, batch, steps);
  Vector<S> expected, g;
  const double E =
      gradient(net, HalfSquaredError{}, plain, workspace, expected, {.initial = &state});
  CHECK(gradient(net, HalfSquaredError{}, given, workspace, g) == E);
  CHECK(g == expected);
  CHECK(loss_of(net, HalfSquaredError{}, given, workspace) == E);
  CHECK(loss_of(net, HalfSquaredError{}, plain, workspace) != E);
  // A sequence alone takes its column with it.
  double sum = 0;
  for (Index b = 0; b < batch; ++b) sum += loss_of(net, HalfSquaredError{}, given[b], workspace);
  CHECK(sum == Approx(E).epsilon(sizeof(S) == 4 ? 1e-5 : 1e-13));
}

/// Epochs of `gradient` and the optimizer's steps over batches in order, in pieces of `piece`
/// steps.
template <Index Batch, class Net>
Net by_hand(Net net, const Eigen::MatrixXd& X, const Eigen::MatrixXd& Z, const Eigen::MatrixXd& M,
            Index size, Index piece, int epochs) {
  const Adam adam{.learning_rate = 0.05};
  auto optimizer_state = start<double>(adam, net.parameter_count());
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (Index i = 0; i < B; i += size) {
      const Index n = (std::min)(size, B - i);
      const Eigen::MatrixXd x = sequences_of(X, B, i, i + n), z = sequences_of(Z, B, i, i + n);
      State<Net, Batch> state = batch_state<Batch>(net, M.middleCols(i, n)), after(net, n);
      Workspace<Net, Batch> workspace(net, n, piece);
      for (Index t = 0; t < T; t += piece) {
        const Index steps = (std::min)(piece, T - t);
        const Eigen::MatrixXd part_x = x.middleCols(t * n, steps * n);
        const Eigen::MatrixXd part_z = z.middleCols(t * n, steps * n);
        adam.step(
            net.parameters().data(),
            [&](const double* w, double* g) {
              Eigen::Map<Eigen::VectorXd> to(g, net.parameter_count());
              return gradient(
                  net, HalfSquaredError{}, Sequences(part_x, part_z, steps), workspace, to,
                  {.reduction = Reduction::Mean,
                   .initial = &state,
                   .final = &after,
                   .parameters = Eigen::Map<const Eigen::VectorXd>(w, net.parameter_count())});
            },
            optimizer_state);
        state = after;
      }
    }
  }
  return net;
}

template <class Net>
void check_fit(const Net& net, Index size, Index truncation) {
  const Eigen::MatrixXd X = numbers(2, T * B, 4), Z = numbers(1, T * B, 5),
                        M = numbers(State<Net>(net).size(), B, 6);
  Sequences data(X, Z, T);
  data.initial_states = M;
  const FitOptions options{
      .epochs = 3, .batch_size = size, .shuffle = false, .truncation = truncation};
  Net trained = net;
  fit(trained, HalfSquaredError{}, Adam{.learning_rate = 0.05}, data, options);
  const Index piece = truncation == 0 ? T : truncation;
  const Net expected =
      size == 1 ? by_hand<1>(net, X, Z, M, 1, piece, 3)
                : by_hand<Dynamic>(net, X, Z, M, size == full_batch ? B : size, piece, 3);
  CHECK(trained.parameters() == expected.parameters());
  Net from_zeros = net;
  fit(from_zeros, HalfSquaredError{}, Adam{.learning_rate = 0.05}, Sequences(X, Z, T), options);
  CHECK(trained.parameters() != from_zeros.parameters());
}

}  // namespace

TEMPLATE_TEST_CASE("states in columns of the data are the initial state of a batch", "", float,
                   double) {
  check_pass<TestType>(5, 3);
  check_pass<TestType>(5, 1);
  check_pass<TestType>(1, 3);
  check_pass<TestType>(1, 1);
  const Index lengths[] = {2, 0, 5};
  check_pass<TestType>(5, 3, lengths);
}

TEST_CASE("fit with initial states is a loop of gradient and optimizer, to the bit") {
  for (const Index size : {Index{1}, Index{2}, full_batch}) {
    for (const Index truncation : {0, 2}) {
      CAPTURE(size, truncation);
      check_fit(made<Loop>(), size, truncation);
      check_fit(made<Delays<double>>(), size, truncation);
    }
  }
  SizedLoop sized(2, 3, 1);
  sized.parameters() = made<Loop>().parameters();
  check_fit(sized, 2, 0);
}

TEST_CASE("shuffled sequences keep their initial states, and Validate begins with them") {
  const Eigen::MatrixXd X = numbers(2, T * B, 4), Z = numbers(1, T * B, 5), M = numbers(3, B, 6);
  Sequences data(X, Z, T);
  data.initial_states = M;
  // A full batch has the gradient of all sequences, in any order.
  Loop ordered = made<Loop>(), shuffled = ordered;
  const Sgd sgd{.learning_rate = 0.1};
  Validate validate(data);
  const auto history = fit(ordered, HalfSquaredError{}, sgd, data,
                           {.epochs = 4, .batch_size = full_batch, .shuffle = false});
  struct Source {  // of a user, which is copied together
    const Sequences<double>& all;
    Index count() const { return B; }
    Sequences<double> operator[](Index i) const { return all[i]; }
  };
  fit(shuffled, HalfSquaredError{}, sgd, Source{data}, {.epochs = 4, .batch_size = full_batch},
      validate);
  CHECK((ordered.parameters() - shuffled.parameters()).norm() < 1e-14);
  CHECK(history.losses.size() == validate.losses().size());
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(validate.losses()[i - 1] == Approx(history.losses[i]).epsilon(1e-12));
  }
}

TEST_CASE("given initial states leave no gradient to a learnt start") {
  using Starting = Rnn<double, Input<2>, Gru<3, LearntStart>, Dense<1, Linear>>;
  const Starting net = made<Starting>();
  const Eigen::MatrixXd X = numbers(2, T * B, 4), Z = numbers(1, T * B, 5), M = numbers(3, B, 6);
  Sequences data(X, Z, T);
  Workspace<Starting> workspace(net, B, T);
  Eigen::VectorXd g;
  const auto start_of = [&] {
    for (const Block& block : blocks(net)) {
      if (block.kind == Block::Kind::Start) return Eigen::VectorXd(g.segment(block.offset, 3));
    }
    return Eigen::VectorXd();
  };
  gradient(net, HalfSquaredError{}, data, workspace, g);
  REQUIRE(start_of().size() == 3);
  CHECK(start_of().cwiseAbs().minCoeff() > 0);
  data.initial_states = M;
  gradient(net, HalfSquaredError{}, data, workspace, g);
  CHECK(start_of() == Eigen::VectorXd::Zero(3));
}

TEST_CASE("wrong initial states are refused, and say why") {
  Loop net = made<Loop>();
  const Eigen::MatrixXd X = numbers(2, T * B, 4), Z = numbers(1, T * B, 5);
  const Eigen::MatrixXd tall = numbers(4, B, 6), few = numbers(3, 2, 6);
  Eigen::MatrixXd M = numbers(3, B, 6);
  Workspace<Loop> workspace(net, B, T);
  Eigen::VectorXd g;
  Sequences data(X, Z, T);
  const auto train = [&](const FitOptions& options = {}) {
    return said([&] { fit(net, HalfSquaredError{}, Sgd{}, data, options); });
  };
  data.initial_states = tall;
  const char* const rows = "data: initial_states have 4 rows, the state of a sequence 3 numbers";
  CHECK(train() == rows);
  CHECK(said([&] { (void)gradient(net, HalfSquaredError{}, data, workspace, g); }) == rows);
  data.initial_states = few;
  CHECK(train() == "data: expected 3 columns of initial_states, one for each sequence, got 2");
  data.initial_states = M;
  CHECK(train({.batch_size = 1, .shuffle = false, .stateful = true}) ==
        "fit: stateful training carries the state on, the data have initial_states");
  const State<Loop> state(net, B);
  CHECK(said([&] {
          (void)loss_of(net, HalfSquaredError{}, data, workspace, {.initial = &state});
        }) == "options: the data have initial_states, so that initial must be null");
  CHECK(said([&] { (void)Episodes(data, std::vector<bool>(T * B)); }).find("initial_states") !=
        std::string::npos);
  M(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK(train() == "data: initial_states hold a number that is not finite at row 1, column 2");
  Mlp<double, Input<2>, Dense<1, Linear>> mlp = made<Mlp<double, Input<2>, Dense<1, Linear>>>();
  CHECK(said([&] { fit(mlp, HalfSquaredError{}, Sgd{}, data); }) ==
        "data: initial_states have 3 rows, the state of a sequence 0 numbers");
}
