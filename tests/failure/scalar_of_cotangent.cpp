// SPDX-License-Identifier: MIT
// expect: backfold: the vector of a product is of another scalar than the network
#include <backfold/backfold.hpp>
#include <backfold/gradient/linearization.hpp>
using namespace backfold;
#ifdef MISUSE
using S = float;
#else
using S = double;
#endif
using Net = Mlp<double, Input<2>, Dense<3, Tanh>>;
void multiply(const Net& net, Linearization<Net>& at, const Matrix<S>& U, Vector<double>& g) {
  at.vector_jacobian_product(net, U, {.parameters = &g});
}
