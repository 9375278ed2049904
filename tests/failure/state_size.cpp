// SPDX-License-Identifier: MIT
// expect: backfold: what is assigned to this view has another size
#include <backfold/backfold.hpp>
using namespace backfold;
#ifdef MISUSE
using X = Eigen::Matrix<double, 2, 1>;
#else
using X = Eigen::Matrix<double, 3, 1>;
#endif
using Net = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>>;
void set(State<Net>& state, const X& x) { state.output<1>() = x; }
