// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/array.hpp"
#include "backfold/core/dual.hpp"
#include "backfold/core/lookup.hpp"
#include "backfold/layer/connection.hpp"

/// Products of dual numbers with the weights of one connection, in plain loops.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// y ← y + W x for one column.
template <Weights Kind, class D>
void add_dual_product(const D* w, Index stride, const D* x, Index fan_in, Index entries, D* y,
                      Index rows) {
  if constexpr (Kind == Weights::Full) {
    for (Index k = 0; k < fan_in; ++k) {
      for (Index i = 0; i < rows; ++i) y[i] += w[k * stride + i] * x[k];
    }
  } else if constexpr (Kind == Weights::Lookup) {
    const D* const column = w + stride * entry_of(x[0].value, entries);
    add_numbers(column, y, rows);
  } else {
    for (Index i = 0; i < rows; ++i) y[i] += Kind == Weights::Identity ? x[i] : w[i] * x[i];
  }
}

/// ∂E/∂x ← itself + Wᵀ d, unless it is null, and ∂E/∂W ← itself + d xᵀ, for one column.
template <Weights Kind, class D>
void pull_dual_product_back(const D* w, D* g, Index stride, const D* x, Index fan_in, Index entries,
                            const D* d, Index rows, D* dx) {
  if constexpr (Kind == Weights::Full) {
    for (Index k = 0; k < fan_in; ++k) {
      D sum(0);
      for (Index i = 0; i < rows; ++i) {
        sum += w[k * stride + i] * d[i];
        g[k * stride + i] += d[i] * x[k];
      }
      if (dx != nullptr) dx[k] += sum;
    }
  } else if constexpr (Kind == Weights::Lookup) {
    D* const column = g + stride * entry_of(x[0].value, entries);
    add_numbers(d, column, rows);
  } else {
    for (Index i = 0; i < rows; ++i) {
      if (dx != nullptr) dx[i] += Kind == Weights::Identity ? d[i] : w[i] * d[i];
      if constexpr (Kind == Weights::Diagonal) g[i] += d[i] * x[i];
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
