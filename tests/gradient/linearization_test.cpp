// SPDX-License-Identifier: MIT
#include "products.hpp"

using namespace products;

TEST_CASE("Jacobian-vector products equal differences and vector-Jacobian products: layers") {
  agree(Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear>>());
  agree(Mlp<double, Input<1>, Dense<1, Sigmoid>>(), 1);
  agree(Mlp<double, Input<Dynamic>, Dense<Dynamic, Gelu>, Dense<Dynamic, Softmax>>(3, 5, 4));
  agree(Mlp<double, Input<2>, Dense<3, Softmax>, Dense<2, Silu, From<0>, NoBias>>());
  agree(Mlp<double, Input<3>, Dense<4, Elu>, LayerNorm<4>, Dropout<4>, Dense<2, Linear>>());
}

TEST_CASE("Jacobian-vector products equal differences: sums, indices") {
  agree(Mlp<double, Input<4>, Dense<4, Tanh>, Residual<4, 0>, Activate<4, Sigmoid>>());
  agree<true>(Mlp<double, Input<1>, Embedding<4, 3>, Dense<2, Tanh>>(), 5);
}
