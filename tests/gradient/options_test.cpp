// SPDX-License-Identifier: MIT
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Loop = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;

const HalfSquaredError loss;
const Eigen::MatrixXd X = numbers(2, 12, 1);
const Eigen::MatrixXd Z = numbers(2, 12, 2);

Loop drawn() {
  Loop net;
  Random random(5);
  net.initialize(Uniform{-1, 1}, random);
  return net;
}

}  // namespace

TEST_CASE("each function of a pass takes its options by name", "[gradient]") {
  const Loop net = drawn();
  const Sequences<double> data(X, Z, 4);
  Workspace workspace(net, 3, 4);
  State<Loop> before(net, 3), after(net, 3), end(net, 3), d_before(net, 3);
  before.values().setLinSpaced(-1, 1);
  const double E = loss_of(net, loss, data, workspace,
                           {.reduction = Reduction::Mean, .initial = &before, .final = &after});
  CHECK(E * 12 == Approx(loss_of(net, loss, data, workspace, {.initial = &before})).epsilon(1e-14));
  Eigen::VectorXd g, same;
  Eigen::MatrixXd dX;
  CHECK(gradient(net, loss, data, workspace, g,
                 {.reduction = Reduction::Mean, .initial = &before}) == E);
  CHECK(gradient_with_inputs(net, loss, data, workspace, same, dX,
                             {.reduction = Reduction::Mean,
                              .initial = &before,
                              .final = &end,
                              .d_initial = &d_before}) == E);
  CHECK(same == g);
  CHECK(end.values() == after.values());
  CHECK(!d_before.values().isZero());
}

TEST_CASE("a gradient of the state is refused where it is not computed", "[gradient]") {
  const Loop net = drawn();
  const Sequences<double> data(X, Z, 4);
  Workspace workspace(net, 3, 4);
  State<Loop> d_before(net, 3);
  Eigen::VectorXd g;
  const std::string message = "options: d_initial is computed by gradient_with_inputs alone";
  CHECK(said([&] { loss_of(net, loss, data, workspace, {.d_initial = &d_before}); }) == message);
  CHECK(said([&] { gradient(net, loss, data, workspace, g, {.d_initial = &d_before}); }) ==
        message);
}

TEMPLATE_TEST_CASE("loss and gradient are taken at any w, the network stays as it is", "[gradient]",
                   float, double) {
  using S = TestType;
  using Net = Rnn<S, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;
  using Numbers = Eigen::Matrix<S, Dynamic, Dynamic>;
  Net net, other;
  Random random(5);
  net.initialize(Uniform{-1, 1}, random);
  other.initialize(Uniform{-1, 1}, random);
  const Numbers x = X.cast<S>(), z = Z.cast<S>();
  const Sequences<S> data(x, z, 4);
  Workspace<Net> workspace(net, 3, 4);
  Vector<S> g, expected;
  Numbers dX, expected_dX;
  const double E = gradient_with_inputs(other, loss, data, workspace, expected, expected_dX);
  const Vector<S> before = net.parameters();
  const Vector<S> w = other.parameters();
  CHECK(loss_of(net, loss, data, workspace, {.parameters = w}) == E);
  CHECK(gradient(net, loss, data, workspace, g, {.parameters = w}) == E);
  CHECK(g == expected);
  // A view at an odd address, as both the parameters and the gradient.
  Vector<S> buffer = Vector<S>::Constant(2 * w.size() + 3, S(7));
  buffer.segment(1, w.size()) = w;
  CHECK(gradient_with_inputs(net, loss, data, workspace, buffer.segment(w.size() + 2, w.size()), dX,
                             {.parameters = buffer.segment(1, w.size())}) == E);
  CHECK(buffer.segment(w.size() + 2, w.size()) == expected);
  CHECK(dX == expected_dX);
  for (const Index i : {Index{0}, w.size() + 1, 2 * w.size() + 2}) CHECK(buffer(i) == 7);
  CHECK(net.parameters() == before);
}

TEST_CASE("a gradient is written into columns, maps and references", "[gradient]") {
  const Loop net = drawn();
  const Sequences<double> data(X, Z, 4);
  Workspace workspace(net, 3, 4);
  Eigen::VectorXd expected;
  gradient(net, loss, data, workspace, expected);
  const Index n = expected.size();
  Eigen::MatrixXd columns = Eigen::MatrixXd::Zero(n, 3);
  gradient(net, loss, data, workspace, columns.col(1));
  CHECK(columns.col(1) == expected);
  CHECK(columns.col(0).isZero());
  CHECK(columns.col(2).isZero());
  std::vector<double> buffer(static_cast<std::size_t>(n));
  gradient(net, loss, data, workspace, Eigen::Map<Eigen::VectorXd>(buffer.data(), n),
           Reduction::Mean);
  CHECK(Eigen::Map<Eigen::VectorXd>(buffer.data(), n).isApprox(expected / 12, 1e-14));
  Eigen::Ref<Eigen::VectorXd> reference = columns.col(2);
  gradient(net, loss, data, workspace, reference);
  CHECK(columns.col(2) == expected);
}

TEST_CASE("parameters and gradients of another length or stride are refused", "[gradient]") {
  const Loop net = drawn();
  const Sequences<double> data(X, Z, 4);
  Workspace workspace(net, 3, 4);
  const Index n = net.parameter_count();
  REQUIRE(n == 26);
  Eigen::VectorXd g, w = net.parameters();
  Eigen::MatrixXd rows(2, n);
  CHECK(said([&] { gradient(net, loss, data, workspace, w.head(25)); }) ==
        "gradient: expected a view of 26 numbers with stride 1, got 25 with stride 1");
  CHECK(said([&] { gradient(net, loss, data, workspace, rows.row(0)); }) ==
        "gradient: expected a view of 26 numbers with stride 1, got 26 with stride 2");
  CHECK(said([&] { loss_of(net, loss, data, workspace, {.parameters = w.head(25)}); }) ==
        "options: the network has 26 parameters, those given are 25");
  CHECK(said([&] { loss_of(net, loss, data, workspace, {.parameters = rows.row(0)}); }) ==
        "parameters: expected a contiguous vector, its stride is 2");
  CHECK(said([&] { gradient(net, loss, data, workspace, w, {.parameters = w}); }) ==
        "gradient: it lies in the network's parameters");
}

#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
TEST_CASE("former names and arguments give what the present ones give", "[gradient]") {
  const Loop net = drawn();
  const Sequences<double> data(X, Z, 4);
  Workspace workspace(net, 3, 4);
  State<Loop> before(net, 3), d_before(net, 3), d_same(net, 3);
  before.values().setOnes();
  const double E =
      loss_of(net, loss, data, workspace, {.reduction = Reduction::Mean, .initial = &before});
  CHECK(error(net, loss, data, workspace, Reduction::Mean, &before) == E);
  CHECK(error(net, loss, data, workspace, {.reduction = Reduction::Mean, .initial = &before}) == E);
  Eigen::VectorXd g, same;
  Eigen::MatrixXd dX, dX_same;
  CHECK(gradient(net, loss, data, workspace, g, Reduction::Mean, &before) == E);
  gradient_with_inputs(net, loss, data, workspace, g, dX,
                       {.initial = &before, .d_initial = &d_before});
  gradient_with_inputs(net, loss, data, workspace, same, dX_same, Reduction::Sum, &before, &d_same);
  CHECK(same == g);
  CHECK(dX_same == dX);
  CHECK(d_same.values() == d_before.values());
}
