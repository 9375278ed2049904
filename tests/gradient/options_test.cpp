// SPDX-License-Identifier: MIT
#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Loop = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;

const HalfSquaredError loss;
const Eigen::MatrixXd X = Eigen::MatrixXd::Random(2, 12);
const Eigen::MatrixXd Z = Eigen::MatrixXd::Random(2, 12);

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
