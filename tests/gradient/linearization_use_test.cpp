// SPDX-License-Identifier: MIT
#include "backfold/backfold.hpp"
#include "backfold/gradient/linearization.hpp"
#include "catch.hpp"
#include "difference.hpp"

using namespace backfold;

using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;

TEST_CASE("a linearization refuses what does not fit, and products before a run") {
  const Net net;
  Linearization<Net> at(net, 2, 3);
  Vector<double> v = Vector<double>::Ones(4);
  Matrix<double> X = Matrix<double>::Ones(2, 6), U = X.leftCols(5);
  CHECK_THROWS_WITH(at.jacobian_vector_product(net, {}), "linearization: run the network first");
  CHECK_THROWS_WITH(at.vector_jacobian_product(net, X, {}), "linearization: run the network first");
  at.run(net, X, 3);
  CHECK_THROWS_WITH(at.jacobian_vector_product(net, {.parameters = &v}),
                    "linearization: the direction has 4 parameters, the network 26");
  CHECK_THROWS_WITH(at.jacobian_vector_product(net, {.inputs = &U}),
                    "linearization: the direction of the inputs is 2 x 5, the inputs 2 x 6");
  CHECK_THROWS_WITH(at.vector_jacobian_product(net, U, {}),
                    "linearization: the vector is 2 x 5, the outputs 2 x 6");
  const State<Net> one(net, 1);
  CHECK_THROWS_WITH(at.jacobian_vector_product(net, {.initial = &one}),
                    "state: it is for a batch of 1, the data have 2");
  using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>>;
  const Sized sized(2, 3), wider(2, 4);
  Linearization<Sized> other(sized, 6);
  other.run(sized, X);
  CHECK_THROWS_WITH(other.jacobian_vector_product(wider, {}),
                    "linearization: the network has other sizes than the one that was run");
}

TEST_CASE("a linearization takes inputs that its outputs are, and keeps them") {
  Net net;
  Random random(5);
  net.initialize(Glorot{}, random);
  Linearization<Net> at(net, 1, 3), fresh(net, 1, 3);
  const Matrix<double> ones = Matrix<double>::Ones(2, 3);
  const Matrix<double> first = at.run(net, ones, 3);
  const auto view = at.run(net, ones, 3);
  const Matrix<double> Y = at.run(net, view, 3), expected = fresh.run(net, first, 3);
  CHECK(Y == expected);
  const Vector<double> v = Vector<double>::Ones(net.parameter_count());
  CHECK(at.jacobian_vector_product(net, {.parameters = &v}) ==
        fresh.jacobian_vector_product(net, {.parameters = &v}));
}

TEST_CASE("products with the Jacobian agree in float and for a fixed batch") {
  using Floats = Rnn<float, Input<2>, Lstm<3>, Dense<1, Tanh>>;
  Floats net;
  Random random(6);
  net.initialize(Glorot{}, random);
  Matrix<float> X(2, 4), dX(2, 4), U(1, 4), gX;
  for (auto* m : {&X, &dX, &U}) {
    for (float& x : m->reshaped()) x = static_cast<float>(uniform(random, -1, 1));
  }
  Linearization<Floats, 1> at(net, 1, 4);
  at.run(net, X, 4);
  const float forward = U.cwiseProduct(at.jacobian_vector_product(net, {.inputs = &dX})).sum();
  at.vector_jacobian_product(net, U, {.inputs = &gX});
  CHECK(forward == Approx(gX.cwiseProduct(dX).sum()).epsilon(1e-5));
}
