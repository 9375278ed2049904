// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/array.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/unroll.hpp"
#include "backfold/data/reset_flags.hpp"
#include "backfold/network/topology.hpp"

/// Steps at which the state of a sequence starts again from zero, inside a pass.
///
/// Delayed reads across a reset count as zero, forward and backward. Kernels read whole blocks, so
/// a product over all steps reads a copy with zeros in it. Inside the loop over time only columns
/// next to a reset are affected: they are set to zero while a step is computed, and restored after
/// it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The resets of a pass. Flags after the end of a sequence count as none: its state stays.
struct Resets {
  ResetFlags flags{};
  const Index* lengths = nullptr;
  Index batch = 1;

  [[nodiscard]] bool any() const { return !flags.empty(); }

  /// True if sequence b is reset after step `earlier` and before or at step `later`.
  [[nodiscard]] bool separate(Index earlier, Index later, Index b) const {
    const Index last = lengths == nullptr ? later : (std::min)(later, lengths[b] - 1);
    for (Index t = (std::max)(earlier, Index{-1}) + 1; t <= last; ++t) {
      if (flags[t * batch + b]) return true;
    }
    return false;
  }
};

/// @throws std::invalid_argument for another number of flags than columns of inputs, and for a
/// network whose state does not start from zeros
template <class Net>
void check_resets(const char* what, const ResetFlags& resets, Index columns) {
  check_reset_count(what, resets, columns);
  if constexpr (Net::Graph::learns_start) {
    if (!resets.empty()) {
      fail_argument(what,
                    ": resets set a state to zero, but this network learns what is before the "
                    "first step (LearntStart); cut the sequences with Episodes instead");
    }
  }
}

/// to ← from, `steps` blocks, with zeros in the sequences that are reset within the `delay` steps
/// up to a block.
template <class S>
BACKFOLD_NO_INLINE void copy_since_reset(const Resets& resets, const S* from, Index rows,
                                         Index steps, Index delay, S* to) {
  for (Index t = 0; t < steps; ++t) {
    for (Index b = 0; b < resets.batch; ++b, from += rows, to += rows) {
      if (resets.separate(t - delay, t, b)) {
        std::fill_n(to, rows, S(0));
      } else {
        copy_numbers(from, to, rows);
      }
    }
  }
}

/// Sets the columns of blocks to zero that a reset separates from a step. A second one, called with
/// the same blocks in the same order, restores them.
template <class S>
class HiddenColumns {
 public:
  /// @param saved room for the columns
  /// @param back puts them back
  HiddenColumns(const Resets& resets, S* saved, bool back)
      : resets_(resets), saved_(saved), back_(back) {}

  /// A block of `rows` × batch numbers, hidden where a reset lies between two steps.
  BACKFOLD_NO_INLINE void operator()(S* block, Index rows, Index earlier, Index later) {
    for (Index b = 0; b < resets_.batch; ++b, block += rows) {
      if (!resets_.separate(earlier, later, b)) continue;
      if (back_) {
        copy_numbers(saved_, block, rows);
      } else {
        copy_numbers(block, saved_, rows);
        std::fill_n(block, rows, S(0));
      }
      saved_ += rows;
    }
  }

 private:
  const Resets& resets_;
  S* saved_;
  bool back_;
};

/// Calls hidden(block, rows, earlier, later) for each block of a segment's past that step t reads.
template <Segment segment, class P, class Hidden>
BACKFOLD_NO_INLINE void for_past(const P& pass, Index t, Hidden hidden) {
  for_each_index<segment.last - segment.first + 1>([&](auto i) {
    constexpr int layer = segment.first + i();
    const Index units = pass.template units<layer>();
    for (Index d = 1; d <= P::Graph::history(layer); ++d) {
      hidden(pass.template own_output<layer>(t - d), units, t - d, t);
    }
    if constexpr (P::Graph::has_memory[static_cast<std::size_t>(layer)]) {
      hidden(pass.template memory<layer>(t - 1), units, t - 1, t);
    }
  });
}

/// Hides the past before a reset from step t of a segment.
template <Segment segment, class P>
BACKFOLD_ALWAYS_INLINE void hide_past(const P& pass, Index t) {
  if constexpr (P::may_reset) {
    if (pass.resets().any()) {
      for_past<segment>(pass, t, HiddenColumns(pass.resets(), pass.hidden(), false));
    }
  }
}
/// Restores it after the step.
template <Segment segment, class P>
BACKFOLD_ALWAYS_INLINE void restore_past(const P& pass, Index t) {
  if constexpr (P::may_reset) {
    if (pass.resets().any()) {
      for_past<segment>(pass, t, HiddenColumns(pass.resets(), pass.hidden(), true));
    }
  }
}

/// Outputs of layer L `Delay` steps before each step, zero across a reset.
template <int L, int Delay, class P>
BACKFOLD_ALWAYS_INLINE auto delayed_outputs(const P& pass) {
  const auto outputs = pass.template outputs<L>(Delay);
  if constexpr (Delay > 0 && P::may_reset) {
    if (pass.resets().any()) {
      const Index units = pass.template units<L>();
      copy_since_reset(pass.resets(), outputs.data(), units, pass.steps(), Delay,
                       pass.since_reset());
      return decltype(pass.template outputs<L>(Delay))(pass.since_reset(), units, pass.columns(),
                                                       units);
    }
  }
  return outputs;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
