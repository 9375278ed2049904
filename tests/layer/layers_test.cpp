// SPDX-License-Identifier: MIT
// Our own checks on each of the library's layers.
#include "passes.hpp"
#include "said.hpp"

using namespace backfold;

TEST_CASE("check_layer passes Dense layers with every kind of connection", "[layer]") {
  passes(Dense<5, Tanh>());
  passes(Dense<5, Silu, From<0>, Recurrent<>, NoBias>());
  passes(Dense<4, Softmax, SelfRecurrent<2>>());
  passes(Dense<4, Sigmoid, Add<0>, Delayed<0, 2>>());
  passes(Dense<1, Relu>());
}

TEST_CASE("check_layer passes layers without weights", "[layer]") {
  passes(Residual<5, 0>());
  passes(Activate<5, Gelu>());
  passes(Dense<4, Tanh, Direct, Add<0, 1>, NoBias>());
  passes(Embedding<4, 7>());
  passes(Dense<3, Tanh, Lookup<2>, Recurrent<>>());
}

TEST_CASE("check_layer passes normalisation and dropout", "[layer]") {
  passes(LayerNorm<5>());
  passes(LayerNorm<Dynamic>(70));
  passes(LayerNorm<1>());
  passes(Dropout<9>(0.4));
  passes(Dropout<9, MaskOver::Sequence>(0.4));
  passes(Dropout<Dynamic>(3, 0.0));
}

TEST_CASE("layers with settings out of range are refused, when made and when put in a network") {
  CHECK(said([] { Dropout<2>(1.0); }) == "Dropout: expected 0 <= rate < 1, got 1");
  CHECK(said([] { LayerNorm<2>(2, 0.0); }) == "LayerNorm: expected epsilon > 0, got 0");
  Dropout<2> dropout;
  dropout.rate = 1.5;
  CHECK(said([&] { Mlp<double, Input<2>, Dropout<2>>({}, dropout); }) ==
        "Dropout: expected 0 <= rate < 1, got 1.5");
  LayerNorm<Dynamic> norm(3);
  norm.epsilon = -1;
  CHECK(said([&] { Mlp<double, Input<Dynamic>, LayerNorm<Dynamic>>(Input<Dynamic>(3), norm); }) ==
        "LayerNorm: expected epsilon > 0, got -1");
}
