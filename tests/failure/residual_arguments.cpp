// SPDX-License-Identifier: MIT
// expect: a residual is called with
#include <backfold/second_order/least_squares.hpp>
using namespace backfold;
#ifdef MISUSE
using R = Vector<float>;
#else
using R = Vector<double>;
#endif
void f(const Vector<double>& start) {
  (void)least_squares([](const Vector<double>& w, R& r) { r = w.cast<R::Scalar>(); }, start);
}
