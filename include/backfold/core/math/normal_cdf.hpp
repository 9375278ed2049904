// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/math/exp.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <Real S>
inline constexpr int erfc_terms = sizeof(S) == 4 ? 13 : 29;

// erfc(z)·exp(z²)·(2 + z)/2 in Chebyshev polynomials of 4/(2 + z) − 1, z >= 0.
inline constexpr double erfc_coefficients[29] = {
    0.577033738616469689,     0.355436921270498487,     0.0650951588287865246,
    0.00367114239583663917,   -0.0011128447433526325,   -0.000160758299153780798,
    0.0000327803157417313706, 5.44244164550501603e-6,   -1.51546655531714816e-6,
    -1.42976081811698649e-7,  8.23460882741949343e-8,   -1.29628468523065625e-9,
    -4.1547216310151983e-9,   6.34705827836281118e-10,  1.43208227122562237e-10,
    -6.16039010520458554e-11, 2.06121385547216963e-12,  3.57149314884770445e-12,
    -8.58642284325179648e-13, -6.14560021379063055e-14, 7.41872574859661706e-14,
    -1.28950427550323256e-14, -2.35872638571063236e-15, 1.57293493816859114e-15,
    -2.27829662395464652e-16, -6.31233045075642981e-17, 3.5916763531814923e-17,
    -5.04980914984772928e-18, -1.53245411131548989e-18};

}  // namespace detail

/// Φ(x) = (1 + erf(x/√2))/2, the distribution function of the standard normal: relative error
/// within 4(1 + x²) times the machine epsilon.
template <Real S, int W>
BACKFOLD_ALWAYS_INLINE Lanes<S, W> normal_cdf(const Lanes<S, W>& x) {
  using V = Lanes<S, W>;
  const V z = at_most(abs(x) * 0.70710678118654752440, V(sizeof(S) == 4 ? 10 : 27));
  const V t = 2 / (2 + z);
  const V y = 2 * t - 1;
  V b1(0);
  V b2(0);
  for (int k = detail::erfc_terms<S> - 1; k > 0; --k) {
    const V b0 = multiply_add(y + y, b1, V(detail::erfc_coefficients[k]) - b2);
    b2 = b1;
    b1 = b0;
  }
  const V g = multiply_add(y, b1, V(detail::erfc_coefficients[0]) - b2);
  const V tail = 0.5 * t * g * exp(-(z * z));
  return select(x < V(0), tail, 1 - tail);
}

BACKFOLD_END_NAMESPACE
