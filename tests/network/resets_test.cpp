// SPDX-License-Identifier: MIT
// Resets in runs: lengths, states before and after, flags of several kinds, memory.
#include <array>
#include <limits>
#include <span>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "drawn_sequences.hpp"

using namespace backfold;

namespace {

using Delays = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>, Recurrent<3>>, Lstm<2>,
                   Dense<1, Linear, Delayed<2, 2>>>;

}  // namespace

TEST_CASE("a series run in two calls goes on as in one, wherever its resets lie", "[resets]") {
  DrawnSequences<Delays> all(8, 2);
  for (Index reset = 0; reset < 8; ++reset) {
    for (Index cut = 1; cut < 8; ++cut) {
      INFO("reset " << reset << ", cut " << cut);
      std::vector<char> flags(16, 0);
      flags[static_cast<std::size_t>(2 * reset + 1)] = 1;
      State<Delays> whole(all.net, 2), half(all.net, 2), end(all.net, 2);
      whole.values().setConstant(0.3);
      const Eigen::MatrixXd Y = run(all.net, all.X, 8, all.workspace,
                                    {.initial = &whole, .final = &end, .resets = flags});
      half.values().setConstant(0.3);
      Workspace<Delays> workspace(all.net, 2, cut);
      const auto first = std::span(flags).first(static_cast<std::size_t>(2 * cut));
      const auto second = std::span(flags).subspan(static_cast<std::size_t>(2 * cut));
      const Eigen::MatrixXd head = run(all.net, all.X.leftCols(2 * cut), cut, workspace,
                                       {.initial = &half, .final = &half, .resets = first});
      const Eigen::MatrixXd tail = run(all.net, all.X.rightCols(16 - 2 * cut), 8 - cut, workspace,
                                       {.initial = &half, .final = &half, .resets = second});
      CHECK((head - Y.leftCols(2 * cut)).norm() < 1e-13);
      CHECK((tail - Y.rightCols(16 - 2 * cut)).norm() < 1e-13);
      CHECK((half.values() - end.values()).norm() < 1e-13);
    }
  }
}

TEST_CASE("a run with resets equals steps with a state that is reset", "[resets]") {
  DrawnSequences<Delays> all(9, 1);
  const std::array<bool, 9> flags{false, false, true, false, true, true, false, false, false};
  State<Delays> end(all.net), state(all.net);
  const Eigen::MatrixXd Y = run(all.net, all.X, 9, all.workspace, {.final = &end, .resets = flags});
  for (Index t = 0; t < 9; ++t) {
    if (flags[static_cast<std::size_t>(t)]) state.reset();
    CHECK((step(all.net, all.X.col(t), state) - Y.col(t)).norm() < 1e-14);
  }
  CHECK((state.values() - end.values()).norm() < 1e-14);
}

TEST_CASE("flags after the end of a sequence reset nothing", "[resets]") {
  DrawnSequences<Delays> all(6, 3);
  const std::vector<Index> lengths{6, 3, 0};
  std::vector<char> flags(18, 0);
  for (const int c : {0, 6, 4, 5, 10, 13, 17, 2}) flags[static_cast<std::size_t>(c)] = 1;
  for (Index c = 0; c < 18; ++c) {
    if (c / 3 >= lengths[static_cast<std::size_t>(c % 3)]) {
      all.X.col(c).setConstant(std::numeric_limits<double>::quiet_NaN());
    }
  }
  std::vector<char> inside = flags;
  for (Index c = 0; c < 18; ++c) {
    if (c / 3 >= lengths[static_cast<std::size_t>(c % 3)]) inside[static_cast<std::size_t>(c)] = 0;
  }
  REQUIRE(inside != flags);
  State<Delays> before(all.net, 3), end(all.net, 3), expected(all.net, 3);
  before.values().setConstant(0.2);
  const Eigen::MatrixXd Y =
      run(all.net, all.X, 6, all.workspace,
          {.lengths = lengths, .initial = &before, .final = &expected, .resets = inside});
  CHECK(run(all.net, all.X, 6, all.workspace,
            {.lengths = lengths, .initial = &before, .final = &end, .resets = flags}) == Y);
  CHECK(end.values() == expected.values());
  CHECK((end.output<1>(1).col(2).array() == 0.2).all());

  Eigen::VectorXd g, g_inside;
  Sequences data = all.data();
  data.lengths = lengths.data();
  data.resets = flags;
  gradient(all.net, HalfSquaredError{}, data, all.workspace, g, {.initial = &before});
  data.resets = inside;
  gradient(all.net, HalfSquaredError{}, data, all.workspace, g_inside, {.initial = &before});
  CHECK(g == g_inside);
  CHECK(g.allFinite());
}

TEST_CASE("flags are read from arrays of bytes and of bool, and from parts of them", "[resets]") {
  DrawnSequences<Delays> all(4, 1);
  const std::vector<unsigned char> bytes{0, 0, 255, 0};
  const std::array<char, 4> signs{0, 0, -1, 0};
  const Eigen::Array<bool, 1, Eigen::Dynamic> flags =
      Eigen::Array4i(0, 0, 1, 0).cast<bool>().transpose();
  Eigen::Array<bool, 2, 4> rows = Eigen::Array<bool, 2, 4>::Constant(true);
  rows.row(1) = flags;
  const Eigen::MatrixXd Y = run(all.net, all.X, 4, all.workspace, {.resets = bytes});
  CHECK(run(all.net, all.X, 4, all.workspace) != Y);
  CHECK(run(all.net, all.X, 4, all.workspace, {.resets = signs}) == Y);
  CHECK(run(all.net, all.X, 4, all.workspace, {.resets = flags}) == Y);
  CHECK(run(all.net, all.X, 4, all.workspace, {.resets = rows.row(1)}) == Y);
  CHECK(run(all.net, all.X, 4, all.workspace, {.resets = ResetFlags()}) != Y);
}

TEST_CASE("what resets need is part of a workspace only after they have been used", "[resets]") {
  DrawnSequences<Delays> all(6, 2);
  const Index before = all.workspace.plan().size;
  all.gradient();
  CHECK(all.workspace.plan().size == before);
  const std::vector<char> flags(12, 1);
  Sequences data = all.data();
  data.resets = flags;
  Eigen::VectorXd g;
  gradient(all.net, HalfSquaredError{}, data, all.workspace, g);
  const Index after = all.workspace.plan().size;
  CHECK(after > before);
  all.gradient();
  CHECK(all.workspace.plan().size == after);
}
