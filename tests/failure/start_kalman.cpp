// SPDX-License-Identifier: MIT
// expect: a Kalman filter takes no network with a LearntStart
#include <backfold/backfold.hpp>
#include <backfold/second_order/extended_kalman_filter.hpp>
using namespace backfold;
using Plain = Rnn<double, Input<2>, Lstm<3>, Dense<1, Linear>>;
using Learnt = Rnn<double, Input<2>, Lstm<3, LearntStart>, Dense<1, Linear>>;
#ifdef MISUSE
ExtendedKalmanFilter<Learnt> filter{Learnt()};
#else
ExtendedKalmanFilter<Plain> filter{Plain()};
#endif
