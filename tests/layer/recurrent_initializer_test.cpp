// SPDX-License-Identifier: MIT
// First values of recurrent weights and of biases.
#include <backfold/backfold.hpp>
#include <backfold/layer/spectral_radius.hpp>

#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

double radius_of(const Eigen::MatrixXd& w) { return w.eigenvalues().cwiseAbs().maxCoeff(); }

template <Real S, Index Hidden>
using OneHidden = Rnn<S, Input<2>, Dense<Hidden, Relu, Recurrent<>>, Dense<1, Linear>>;

struct WithBias : Glorot {
  double draw_bias(Random&) const { return 0.25; }
};

}  // namespace

TEMPLATE_TEST_CASE("an IRNN begins with the identity and small other weights", "[initializer]",
                   float, double) {
  using S = TestType;
  OneHidden<S, Dynamic> net(2, 5, 1);
  Random random(1), again(1);
  net.initialize(Recurrently{Identity{}, Normal{0, 0.001}}, random);
  CHECK((net.template weights<1, 1>() == Matrix<S>::Identity(5, 5)));
  CHECK(net.template weights<1, 0>().cwiseAbs().maxCoeff() < S(0.005));
  CHECK(net.template weights<1, 0>().cwiseAbs().minCoeff() > S(0));
  CHECK(net.template bias<1>().isZero(0));
  // The other weights are drawn by the other initializer alone, in its order.
  Eigen::VectorXd first(10);
  Normal{0, 0.001}.fill(again, first.data(), 5, 2);
  CHECK(difference(net.template weights<1, 0>().template cast<double>().reshaped(),
                   first.template cast<S>().template cast<double>()) == 0);
}

TEST_CASE("an IRNN adds up what comes in", "[initializer]") {
  OneHidden<double, 3> net;
  Random random(1);
  net.initialize(Recurrently{Identity{}, Normal{0, 0.001}}, random);
  net.weights<1, 0>() = net.weights<1, 0>().cwiseAbs().eval();
  const Eigen::MatrixXd X = numbers(2, 7, 1).cwiseAbs();
  State state(net);
  for (int t = 0; t < 7; ++t) step(net, X.col(t), state);
  CHECK(difference(state.output<1>(), net.weights<1, 0>() * X.rowwise().sum()) < 5e-15);
}

TEST_CASE("each gate of a cell has a recurrent matrix of its own", "[initializer]") {
  using Net = Rnn<double, Input<2>, Lstm<3>, Gru<4>, Dense<1, Linear>>;
  Net net;
  Random random(2);
  net.initialize(Recurrently{Identity{.gain = 0.5}, Glorot{}}, random);
  for (int gate = 0; gate < 4; ++gate) {
    CHECK((net.weights<1, 1>().middleRows(3 * gate, 3) == 0.5 * Eigen::Matrix3d::Identity()));
  }
  net.initialize(Recurrently{Orthogonal{}, Glorot{}}, random);
  for (int gate = 0; gate < 3; ++gate) {
    const Eigen::MatrixXd U = net.weights<2, 1>().middleRows(4 * gate, 4);
    CHECK(difference(U * U.transpose(), Eigen::Matrix4d::Identity()) < 1e-14);
  }
}

TEST_CASE("recurrent matrices have the spectral radius asked for", "[initializer]") {
  for (const Index units : {1, 2, 7, 40}) {
    for (const double radius : {0.0, 0.3, 0.9, 1.25}) {
      OneHidden<double, Dynamic> net(2, units, 1);
      Random random(static_cast<std::uint64_t>(units));
      net.initialize(Recurrently{SpectralRadius{radius}, Glorot{}}, random);
      CHECK(std::abs(radius_of(net.weights<1, 1>()) - radius) < 1e-10);
      CHECK(net.weights<1, 0>().cwiseAbs().minCoeff() > 0);
    }
  }
  Rnn<double, Input<1>, Gru<6>> gru;
  Random random(3);
  gru.initialize(Recurrently{SpectralRadius{0.7}, Glorot{}}, random);
  for (int gate = 0; gate < 3; ++gate) {
    CHECK(std::abs(radius_of(gru.weights<1, 1>().middleRows(6 * gate, 6)) - 0.7) < 1e-10);
  }
}

TEST_CASE("weights from unit i to unit i are the diagonal of such a matrix", "[initializer]") {
  Rnn<double, Input<1>, Dense<5, Tanh, SelfRecurrent<>>> net;
  Random random(4);
  net.initialize(Recurrently{Identity{.gain = 0.8}, Glorot{}}, random);
  CHECK((net.weights<1, 1>().array() == 0.8).all());
  net.initialize(Recurrently{SpectralRadius{0.8}, Glorot{}}, random);
  CHECK(std::abs(net.weights<1, 1>().cwiseAbs().maxCoeff() - 0.8) < 1e-15);
  CHECK(net.weights<1, 1>().cwiseAbs().minCoeff() < 0.79);
}

TEST_CASE("biases are those of the initializer of the other weights", "[initializer]") {
  OneHidden<double, 4> net;
  Random random(5);
  net.initialize(Recurrently{Identity{}, WithBias{}}, random);
  CHECK((net.bias<1>().array() == 0.25).all());
}

TEST_CASE("initializers refuse radii, gains and shapes that are none", "[initializer]") {
  Random random(1);
  double w[6];
  CHECK_THROWS_WITH((SpectralRadius{}.fill(random, w, 3, 2)),
                    "SpectralRadius: expected a square matrix, got 3 x 2: use "
                    "Recurrently{SpectralRadius{...}, ...}");
  CHECK_THROWS_WITH((SpectralRadius{-1}.fill(random, w, 1, 1)),
                    "SpectralRadius: radius must be finite and >= 0, got -1");
  CHECK_THROWS_WITH((Identity{std::nan("")}.fill(random, w, 1, 1)),
                    "Identity: gain must be finite, got nan");
}

TEST_CASE("the forget gates' bias is 0, or as set", "[initializer]") {
  using Net = Rnn<float, Input<2>, Lstm<3>, Lstm<4>, Dense<1, Linear>>;
  Net net(Input<2>{}, Lstm<3>{}, Lstm<4>(ForgetBias{1.5}), Dense<1, Linear>{});
  Random random(6);
  net.initialize(Glorot{}, random);
  CHECK(net.bias<1>().isZero(0));
  Eigen::VectorXf expected = Eigen::VectorXf::Zero(32);  // gates i, f, g, o in b_ih, b_hh
  expected.segment(4, 4).setConstant(1.5f);
  CHECK((net.bias<2>() == expected));
  // The other sizes keep it, and drawn biases come on top.
  using Sized = Rnn<double, Input<Dynamic>, Lstm<Dynamic>, Lstm<Dynamic>, Dense<Dynamic, Linear>>;
  Sized sized(net);
  sized.initialize<2>(WithBias{}, random);
  CHECK((sized.bias<2>() - expected.cast<double>()).isConstant(0.25, 0));
  CHECK((Lstm<Dynamic>(7, ForgetBias{}).forget_bias() == 1));
  CHECK_THROWS_WITH((Lstm<3>(ForgetBias{std::nan("")})), "ForgetBias: must be finite, got nan");
}
