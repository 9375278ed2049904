// SPDX-License-Identifier: MIT
#include <string>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
using Loop = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;
using Cells = Rnn<double, Input<2>, Lstm<2>, Dense<2, Linear, Delayed<0>>>;

const HalfSquaredError loss;

template <class Net>
Net drawn(Net net) {
  Random random(7);
  net.initialize(Uniform{-1, 1}, random);
  return net;
}

}  // namespace

TEST_CASE("a gradient or d_inputs whose type has no room for it is refused", "[gradient]") {
  const Sized net = drawn(Sized(2, 3, 1));
  const Eigen::MatrixXd X = numbers(2, 4, 1), Z = numbers(1, 4, 2);
  const Samples<double> data(X, Z);
  Workspace workspace(net, 4);
  Eigen::VectorXd g;
  gradient(net, loss, data, workspace, g);

  Eigen::Matrix<double, 9, 1> wrong;
  Eigen::Matrix<double, 1, 14> wrong_row;
  Eigen::Matrix<double, Dynamic, 1, 0, 12, 1> bounded;
  CHECK(said([&] { gradient(net, loss, data, workspace, wrong); }) ==
        "gradient: it has to become 13 x 1, its type has room for 9 x 1");
  CHECK(said([&] { gradient(net, loss, data, workspace, wrong_row); }) ==
        "gradient: it has to become 1 x 13, its type has room for 1 x 14");
  CHECK(said([&] { gradient(net, loss, data, workspace, bounded); }) ==
        "gradient: it has to become 13 x 1, its type has room for 12 x 1");
  Eigen::Matrix<double, 2, 3> narrow;
  Eigen::VectorXd column;
  Eigen::Matrix<double, 2, Dynamic, 0, 2, 3> few;
  CHECK(said([&] { gradient_with_inputs(net, loss, data, workspace, g, narrow); }) ==
        "d_inputs: it has to become 2 x 4, its type has room for 2 x 3");
  CHECK(said([&] { gradient_with_inputs(net, loss, data, workspace, g, few); }) ==
        "d_inputs: it has to become 2 x 4, its type has room for 2 x 3");
  CHECK(said([&] { gradient_with_inputs(net, loss, data, workspace, g, column); }) ==
        "d_inputs: it has to become 2 x 4, its type has room for any x 1");

  Eigen::Matrix<double, 13, 1> right;
  Eigen::RowVectorXd row;
  Eigen::ArrayXd array;
  gradient(net, loss, data, workspace, right);
  gradient(net, loss, data, workspace, row);
  gradient(net, loss, data, workspace, array);
  CHECK(right == g);
  CHECK(row.transpose() == g);
  CHECK(array.matrix() == g);

  const Loop loop = drawn(Loop());
  Rtrl rtrl(loop);
  Eigen::Matrix<double, Dynamic, 1, 0, 12, 1> small;
  const Eigen::Vector2d x(1, 2);
  CHECK(said([&] { rtrl.step(loop, loss, x, x, small); }) ==
        "gradient: it has to become 26 x 1, its type has room for 12 x 1");
}

TEST_CASE("d_inputs may be row-major", "[gradient]") {
  const Sized net = drawn(Sized(2, 3, 1));
  const Eigen::MatrixXd X = numbers(2, 3, 3), Z = numbers(1, 3, 4);
  Workspace workspace(net, 3);
  Eigen::VectorXd g;
  Eigen::MatrixXd columns;
  Eigen::Matrix<double, Dynamic, Dynamic, Eigen::RowMajor> rows;
  Eigen::Array<double, 2, 3, Eigen::RowMajor> array;
  gradient_with_inputs(net, loss, Samples(X, Z), workspace, g, columns);
  gradient_with_inputs(net, loss, Samples(X, Z), workspace, g, rows);
  gradient_with_inputs(net, loss, Samples(X, Z), workspace, g, array);
  CHECK(rows == columns);
  CHECK(array.matrix() == columns);
}

TEST_CASE("data that lie in the workspace are read as they were", "[gradient]") {
  const Eigen::MatrixXd X = numbers(2, 12, 5);
  auto holds = [&](const auto& net, Index steps) {
    using Net = std::remove_cvref_t<decltype(net)>;
    Workspace<Net> workspace(net, 12 / steps, steps), own(net, 12 / steps, steps);
    const Eigen::MatrixXd Y = run(net, X, steps, workspace);
    const Eigen::MatrixXd T = Y.array() * 0.5;
    Eigen::VectorXd g, expected;
    Eigen::MatrixXd d, expected_d;
    auto outputs = [&] { return run(net, X, steps, workspace); };
    const Sequences<double> as_inputs(Y, T, steps), as_targets(X, Y, steps), as_both(Y, Y, steps);
    const double e = gradient_with_inputs(net, loss, as_inputs, own, expected, expected_d);
    CHECK(loss_of(net, loss, Sequences<double>(outputs(), T, steps), workspace) == e);
    CHECK(gradient(net, loss, Sequences<double>(outputs(), T, steps), workspace, g) == e);
    CHECK(g == expected);
    CHECK(gradient_with_inputs(net, loss, Sequences<double>(outputs(), T, steps), workspace, g,
                               d) == e);
    CHECK(d == expected_d);
    const double zero = gradient(net, loss, as_targets, own, expected);
    CHECK(zero == 0);
    CHECK(gradient(net, loss, Sequences<double>(X, outputs(), steps), workspace, g) == 0);
    const double both = gradient(net, loss, as_both, own, expected);
    const auto y = outputs();
    CHECK(gradient(net, loss, Sequences<double>(y, y, steps), workspace, g) == both);
    CHECK(g == expected);
    // Another layout, and a weight for each column.
    const auto part = outputs();
    const Eigen::VectorXd weights = Y.row(0).head(6).transpose();
    const double weighted = gradient(
        net, loss, Sequences<double>(Y.leftCols(6), Y.rightCols(6), weights, 1), own, expected);
    CHECK(gradient(net, loss,
                   Sequences<double>(part.leftCols(6), part.rightCols(6), part.row(0).head(6), 1),
                   workspace, g) == weighted);
    CHECK(g == expected);
  };
  holds(drawn(Sized(2, 7, 2)), 1);
  holds(drawn(Loop()), 4);
  holds(drawn(Cells()), 3);
}

TEST_CASE("d_inputs may be the matrix of the inputs, a gradient no memory that is read",
          "[gradient]") {
  Sized net = drawn(Sized(2, 3, 1));
  Eigen::MatrixXd X = numbers(4, 6, 6);
  const Eigen::MatrixXd inputs = X.block(1, 2, 2, 4), Z = numbers(1, 4, 7);
  Workspace workspace(net, 4);
  Eigen::VectorXd g, expected;
  Eigen::MatrixXd d;
  const double e = gradient_with_inputs(net, loss, Samples(inputs, Z), workspace, expected, d);
  CHECK(gradient_with_inputs(net, loss, Samples(X.block(1, 2, 2, 4), Z), workspace, g, X) == e);
  CHECK(X == d);
  CHECK(g == expected);

  Eigen::VectorXd x = numbers(13, 1, 8), z = numbers(13, 1, 9);
  const char* const in_data = "gradient: it lies in the memory of the data";
  CHECK(said([&] { gradient(net, loss, Samples(x.head(2), z.head(1)), workspace, x); }) == in_data);
  CHECK(said([&] { gradient(net, loss, Samples(x.head(2), z.head(1)), workspace, z); }) == in_data);
  CHECK(said([&] {
          gradient(net, loss, Samples(x.head(2), z.head(1)), workspace, net.parameters());
        }) == "gradient: it lies in the network's parameters");
  CHECK(said([&] {
          gradient_with_inputs(net, loss, Samples(inputs, Z), workspace, g, net.parameters());
        }) == "d_inputs: it has to become 2 x 4, its type has room for any x 1");
}

TEST_CASE("real-time recurrent learning reads its own outputs and states as they were",
          "[gradient]") {
  auto holds = [](const auto& net) {
    using Net = std::remove_cvref_t<decltype(net)>;
    Rtrl<Net> rtrl(net), twin(net);
    Eigen::VectorXd g, expected;
    const Eigen::Vector2d z(0.3, -0.2);
    Eigen::MatrixXd x = Eigen::Vector2d(1, 0.5);
    rtrl.step(net, x);
    twin.step(net, x);
    const auto older = rtrl.state().template output<1>().topRows(2);
    for (int t = 0; t < 4; ++t) {
      x = twin.output();
      CHECK(rtrl.step(net, loss, rtrl.output(), z, g) == twin.step(net, loss, x, z, expected));
      CHECK(g == expected);
      x = twin.state().template output<1>().topRows(2);
      CHECK(rtrl.step(net, loss, rtrl.state().template output<1>().topRows(2), z, g) ==
            twin.step(net, loss, x, z, expected));
      CHECK(g == expected);
      x = older;
      rtrl.step(net, older);
      twin.step(net, x);
      CHECK(rtrl.output() == twin.output());
    }
  };
  holds(drawn(Loop()));
  holds(drawn(Cells()));
}
