// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/packet.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Step of an exponential moving average: keep·old + rest·next, with keep + rest = 1.
///
/// Starts from the end with the larger factor and adds the difference times the smaller one. This
/// form loses no term, whatever their magnitudes: `old + rest·(next − old)` loses a small `next` if
/// `keep` is near 0. The smaller factor is rounded to the scalar, not the larger: `keep` = 0.9999
/// rounded to float would make the rate of decay wrong by 2e-4.
template <class V>
class Blend {
 public:
  explicit Blend(double keep) : Blend(keep, 1 - keep) {}
  Blend(double keep, double rest)
      : from_old_(V(keep >= 0.5 ? 1 : 0) > V(0)), keep_(keep), part_(keep >= 0.5 ? rest : -keep) {}

  /// keep·old + rest·next
  BACKFOLD_ALWAYS_INLINE V operator()(const V& old, const V& next) const {
    return multiply_add(part_, next - old, select(from_old_, old, next));
  }
  /// keep·old + rest·next. @pre keep >= ½
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE V keep_most(const V& old, const V& next) const {
    return multiply_add(part_, next - old, old);
  }
  /// keep·old + term
  [[nodiscard]] BACKFOLD_ALWAYS_INLINE V keep_and_add(const V& old, const V& term) const {
    if constexpr (sizeof(typename V::Scalar) == sizeof(double)) {
      return multiply_add(keep_, old, term);  // keep_ is not rounded: settings are doubles
    } else {
      return select(from_old_, old, V(0)) + multiply_add(-part_, old, term);
    }
  }

 private:
  typename V::Mask from_old_;
  V keep_;
  V part_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
