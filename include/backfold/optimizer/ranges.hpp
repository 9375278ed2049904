// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A vector as one range. It is the default of an optimizer's argument `ranges`, by which threads
/// share a step:
///
///     ranges.for_each(n, f);          // f(first, count) for ranges that make up [0, n)
///     bool ok = ranges.all(n, f);     // the same, and true if all calls return true
///
/// With threads, there are several ranges, each called from a thread of its own. They begin at
/// whole cache lines, that is, at whole registers, so an elementwise pass has the same bits for any
/// number of them.
struct OneRange {
  template <class Function>
  BACKFOLD_ALWAYS_INLINE void for_each(Index n, const Function& f) const {
    f(Index{0}, n);
  }
  template <class Function>
  BACKFOLD_ALWAYS_INLINE bool all(Index n, const Function& f) const {
    return f(Index{0}, n);
  }
};

BACKFOLD_END_NAMESPACE
