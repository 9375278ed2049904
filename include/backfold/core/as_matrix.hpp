// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The numbers of an Eigen expression as a matrix whose coefficients can be read in any order: an
/// array as a matrix; an expression without memory of its own is computed once, since a product has
/// no single coefficients.
template <class X>
[[nodiscard]] decltype(auto) as_matrix(const Eigen::DenseBase<X>& x) {
  if constexpr ((X::Flags & Eigen::DirectAccessBit) != 0) {
    return x.derived().matrix();
  } else {
    using Plain = typename std::remove_cvref_t<decltype(x.derived().matrix())>::PlainObject;
    return Plain(x.derived().matrix());
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
