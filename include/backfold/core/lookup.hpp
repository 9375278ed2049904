// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/core/product.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// @throws std::invalid_argument unless the number is an index 0..entries−1
template <class S>
Index entry_of(S number, Index entries) {
  const bool in_range = number >= S(0) && number < static_cast<S>(entries);
  if (!in_range || static_cast<S>(static_cast<Index>(number)) != number) {
    fail_argument("Lookup: expected an index from 0 to ", entries - 1, ", got ", double(number));
  }
  return static_cast<Index>(number);
}

/// Y ← f(start + the columns of W with the indices in X): the product of a Lookup connection.
template <class W, class X, class Y, class Start, class Function>
void lookup_affine(const W& w, const X& x, const Y& y, const Start& start, const Function& f) {
  using V = LanesFor<typename Y::Scalar, Y::RowsAtCompileTime>;
  for (Index c = 0; c < y.cols(); ++c) {
    const auto* const from = w.column(detail::entry_of(x.column(c)[0], w.cols()));
    for_strips<V::size>(y.rows(), [&](Index i, auto count) {
      const V entry = detail::load_strip<V>(from + i, count);
      if constexpr (std::is_same_v<Start, StartAtZero>) {
        detail::store_strip(f(entry), y.column(c) + i, count);
      } else {
        const V first = detail::start_value<V>(start, y.column(c), i, count);
        detail::store_strip(f(first + entry), y.column(c) + i, count);
      }
    });
  }
}

/// Adds the columns of D to the columns of G with the indices in X: the gradient of a Lookup
/// connection.
template <class D, class X, class G>
void add_lookup_outer(const D& d, const X& x, const G& g) {
  for (Index c = 0; c < d.cols(); ++c) {
    auto* const to = g.column(detail::entry_of(x.column(c)[0], g.cols()));
    transform_into(
        to, d.rows(), [](const auto& a, const auto& b) { return a + b; }, to, d.column(c));
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
