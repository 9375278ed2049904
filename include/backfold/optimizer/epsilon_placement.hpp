// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/math.hpp"

namespace backfold::inline BACKFOLD_ABI {

/// Where ε stands in η/√v of RMSprop and Adam.
enum class EpsilonPlacement {
  InsideRoot,   ///< η/√(v + ε)
  OutsideRoot,  ///< η/(√v + ε), as PyTorch and the paper on Adam have it
};

namespace detail {

template <class V>
BACKFOLD_ALWAYS_INLINE V root_with_epsilon(const V& v, const V& epsilon, bool inside) {
  return inside ? sqrt(v + epsilon) : sqrt(v) + epsilon;
}

}  // namespace detail

}  // namespace backfold::inline BACKFOLD_ABI
