// SPDX-License-Identifier: MIT
// expect: backfold: no layer of this network has this name
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
constexpr LayerName name{"encodr"};
#else
constexpr LayerName name{"encoder"};
#endif
using Net = Mlp<double, Input<2>, Dense<3, Tanh, Name<"encoder">>, Dense<2, Tanh>>;
auto f(Net& net) { return net.weights<name>(); }
