// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "backfold/core/math.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Placement of ε in the divisor √v of RMSprop and Adam.
enum class EpsilonPlacement {
  InsideRoot,   ///< η/√(v + ε)
  OutsideRoot,  ///< η/(√v + ε), as in PyTorch and the paper on Adam
};

namespace detail {

/// Clamps the gradient so that its square is finite: an infinite v would freeze the parameter
/// forever.
template <class V>
BACKFOLD_ALWAYS_INLINE V with_finite_square(const V& gradient) {
  const V largest(sizeof(typename V::Scalar) == 4 ? 1e19 : 1e154);
  return at_most(at_least(gradient, -largest), largest);
}

/// 1/√(scale·v + ε), or 1/(√(scale·v) + ε). The radicand is clamped to normal numbers. With ε = 0,
/// a parameter whose gradient was always 0 then does not divide by zero, and an overflow does not
/// give NaN.
///
/// The placement is the same for all v, so its branch is always predicted; a pass for each
/// placement would be compiled twice.
template <class V>
class InverseRoot {
 public:
  InverseRoot(double scale, double epsilon, EpsilonPlacement placement)
      : inside_(placement == EpsilonPlacement::InsideRoot),
        scale_(scale),
        in_root_(inside_ ? epsilon : 0),
        epsilon_(epsilon) {}

  BACKFOLD_ALWAYS_INLINE V operator()(const V& v) const {
    using Limits = std::numeric_limits<typename V::Scalar>;
    const V square = at_most(at_least(multiply_add(v, scale_, in_root_), V((Limits::min)())),
                             V((Limits::max)()));
    const V inverse_root = inverse_sqrt(square);
    return inside_ ? inverse_root : inverse(multiply_add(square, inverse_root, epsilon_));
  }

 private:
  bool inside_;
  V scale_;
  V in_root_;
  V epsilon_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
