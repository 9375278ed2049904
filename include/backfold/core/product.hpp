// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/product/affine.hpp"
#include "backfold/core/product/outer.hpp"
#include "backfold/core/product/transposed.hpp"

/// The one seam for products. Every product of a network goes through `affine`, `back`, `outer` or
/// `row_sums`, which choose a kernel by the sizes. None allocates: packed operands go into the
/// caller's scratch of product_scratch numbers.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Upper bound on the scratch, in numbers, for products of an m × k matrix with a batch of n.
template <Real S>
constexpr Index product_scratch(Index m, Index k, Index n) {
  const Index forward = kernel::panel_scratch<S>(k, n);
  const Index back = kernel::panel_scratch<S>(m, n);
  const Index outer = kernel::outer_scratch<S>(m, k, n);
  return (std::max)((std::max)(forward, back), outer);
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
