// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <type_traits>

#include "backfold/core/elementwise.hpp"

/// Accurate sums of very many terms. A term that is small compared with the partial sum is lost to
/// rounding: a float that counts by ones stops at 2^24. A long sum is therefore cut into short
/// runs, whose sums are added level by level. A sum of usual length is one run.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The largest number of terms that are added in one run.
inline constexpr Index longest_plain_sum = 4096;

/// Length of the runs of a longer sum.
inline constexpr Index longest_run = 256;

/// Sums of runs, as the digits of a counter in base 64: a full digit is carried to the next, so
/// that a run passes through at most 64 additions a level. Each digit is `size` sums in memory of
/// the caller, which only has to be large enough.
template <Real S>
class RunSums {
 public:
  /// Levels for any number of runs.
  static constexpr int most_levels = 10;
  /// Levels for the runs of n terms.
  static constexpr Index levels(Index n) {
    Index count = 1;
    for (Index runs = n / longest_run + 1; runs >= base; runs /= base) ++count;
    return count;
  }

  BACKFOLD_NO_INLINE void add(Index size, S* digits, const S* sums) {
    for (Index count = runs_++;; count /= base, digits += size) {
      if (count % base == 0) {
        std::copy_n(sums, size, digits);
      } else {
        add_to(size, digits, sums);
      }
      if (count % base != base - 1) return;
      sums = digits;
    }
  }
  /// to ← to + the sums of all runs
  BACKFOLD_NO_INLINE void add_total(Index size, const S* digits, S* to) const {
    for (Index count = runs_; count > 0; count /= base, digits += size) {
      if (count % base != 0) add_to(size, to, digits);
    }
  }

 private:
  static constexpr Index base = 64;

  BACKFOLD_NO_INLINE static void add_to(Index size, S* to, const S* sums) {
    transform_into(
        to, size, [](const auto& a, const auto& b) { return a + b; }, to, sums);
  }

  Index runs_ = 0;
};

/// N if a count is the constant N, else Dynamic.
template <class Count>
inline constexpr Index constant_count = Dynamic;
template <Index N>
inline constexpr Index constant_count<std::integral_constant<Index, N>> = N;

/// Σ f(first, count) over runs of n terms, f the sum of one run. Pass N if n is known at compile
/// time. If one run is enough, the cost is f and a comparison.
template <Index N = Dynamic, class Function>
BACKFOLD_ALWAYS_INLINE auto sum_in_runs(Index n, const Function& f) {
  if constexpr (N != Dynamic && N <= longest_plain_sum) {
    return f(Index{0}, std::integral_constant<Index, N>{});
  } else {
    using S = decltype(f(Index{0}, n));
    const Index run = n <= longest_plain_sum ? longest_plain_sum : longest_run;
    RunSums<S> runs;
    S digits[RunSums<S>::most_levels];
    for (Index first = 0;; first += run) {
      S sum = f(first, (std::min)(run, n - first));
      const bool last = n - first <= run;
      if (last && first == 0) return sum;
      runs.add(1, digits, &sum);
      if (!last) continue;
      sum = 0;
      runs.add_total(1, digits, &sum);
      return sum;
    }
  }
}

/// Sum over n terms, in lanes; total ← add(total, i, count) adds one register of terms.
template <class V, class Function>
BACKFOLD_ALWAYS_INLINE auto sum_of_lanes(Index n, const Function& add) {
  return sum_in_runs(n, [&](Index first, Index terms) {
    V total(0);
    for_strips<V::size>(terms, [&](Index i, auto count) { total = add(total, first + i, count); });
    return sum(total);
  });
}

/// Type-erased part(row, rows, first, count, sums), which writes `rows` sums from `row` on, over
/// `count` terms from `first` on. `add_long_sums` is thus compiled once per scalar type.
template <Real S>
struct SumsOfRun {
  template <class Part>
  SumsOfRun(const Part& part)  // NOLINT: a view of it
      : part_(&part), call_([](const void* function, auto... arguments) {
          (*static_cast<const Part*>(function))(arguments...);
        }) {}
  void operator()(Index row, Index rows, Index first, Index count, S* sums) const {
    (*call_)(part_, row, rows, first, count, sums);
  }

 private:
  const void* part_;
  void (*call_)(const void*, Index, Index, Index, Index, S*);
};

/// y ← y + sums over n terms for each of its rows, in runs.
template <Real S>
BACKFOLD_NO_INLINE void add_long_sums(Index rows, Index n, Index run, S* y,
                                      const std::type_identity_t<SumsOfRun<S>>& part) {
  constexpr Index most = 64;
  S sums[most];
  S digits[RunSums<S>::most_levels * most];
  for (Index row = 0; row < rows; row += most) {
    const Index size = (std::min)(most, rows - row);
    RunSums<S> runs;
    for (Index first = 0; first < n; first += run) {
      part(row, size, first, (std::min)(run, n - first), sums);
      runs.add(size, digits, sums);
    }
    runs.add_total(size, digits, y + row);
  }
}

/// Streaming sum of numbers.
class LongSum {
 public:
  void add(double term) {
    run_ += term;
    if (++terms_ < longest_run) return;
    runs_.add(1, digits_, &run_);
    run_ = 0;
    terms_ = 0;
  }
  [[nodiscard]] double total() const {
    double sum = run_;
    runs_.add_total(1, digits_, &sum);
    return sum;
  }

 private:
  RunSums<double> runs_;
  double digits_[RunSums<double>::most_levels] = {};
  double run_ = 0;
  Index terms_ = 0;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
