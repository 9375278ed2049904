// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/array.hpp"
#include "backfold/core/unroll.hpp"
#include "backfold/data/reset_flags.hpp"
#include "backfold/network/topology.hpp"

/// Steps at which the state of a sequence starts again, from the LearntStart or zero, inside a
/// pass.
///
/// Delayed reads across a reset read the start, forward and backward. Kernels read whole blocks, so
/// a product over all steps reads a copy with the start in it. Inside the loop over time only
/// columns next to a reset are affected: they are set to the start while a step is computed, and
/// restored after it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The resets of a pass. Flags after the end of a sequence count as none: its state stays.
struct Resets {
  ResetFlags flags{};
  const Index* lengths = nullptr;
  Index batch = 1;

  [[nodiscard]] bool any() const { return !flags.empty(); }

  /// The block of the start of sequence b that step `later` reads in place of step `earlier`: 0 for
  /// the last one before the first step, and so on; -1 if no reset lies between the two.
  [[nodiscard]] Index start_block(Index earlier, Index later, Index b) const {
    const Index last = lengths == nullptr ? later : (std::min)(later, lengths[b] - 1);
    for (Index t = last; t > (std::max)(earlier, Index{-1}); --t) {
      if (flags[t * batch + b]) return t - earlier - 1;
    }
    return -1;
  }

  /// True if sequence b is reset after step `earlier` and before or at step `later`.
  [[nodiscard]] bool separate(Index earlier, Index later, Index b) const {
    return start_block(earlier, later, b) >= 0;
  }
};

/// to ← a block of a layer's start, zero if `start` is null.
template <class S>
void copy_start(const S* start, Index block, Index rows, S* to) {
  if (start == nullptr) {
    std::fill_n(to, rows, S(0));
  } else {
    copy_numbers(start + block * rows, to, rows);
  }
}

/// to ← from, `steps` blocks, with the start in the sequences that are reset within the `delay`
/// steps up to a block.
/// @param start learnt outputs before the first step, the last of them first; null: zeros
template <class S>
BACKFOLD_NO_INLINE void copy_since_reset(const Resets& resets, const S* from, Index rows,
                                         Index steps, Index delay, const S* start, S* to) {
  for (Index t = 0; t < steps; ++t) {
    for (Index b = 0; b < resets.batch; ++b, from += rows, to += rows) {
      const Index block = resets.start_block(t - delay, t, b);
      if (block >= 0) {
        copy_start(start, block, rows, to);
      } else {
        copy_numbers(from, to, rows);
      }
    }
  }
}

/// Sets the columns of blocks to the start that a reset separates from a step. A second one, called
/// with the same blocks in the same order, restores them.
template <class S>
class HiddenColumns {
 public:
  /// @param saved room for the columns
  /// @param back puts them back
  HiddenColumns(const Resets& resets, S* saved, bool back)
      : resets_(resets), saved_(saved), back_(back) {}

  /// A block of `rows` × batch numbers, hidden where a reset lies between two steps.
  /// @param start as in `copy_since_reset`
  BACKFOLD_NO_INLINE void operator()(S* block, Index rows, Index earlier, Index later,
                                     const S* start = nullptr) {
    for (Index b = 0; b < resets_.batch; ++b, block += rows) {
      const Index of_start = resets_.start_block(earlier, later, b);
      if (of_start < 0) continue;
      if (back_) {
        copy_numbers(saved_, block, rows);
      } else {
        copy_numbers(block, saved_, rows);
        copy_start(start, of_start, rows, block);
      }
      saved_ += rows;
    }
  }

 private:
  const Resets& resets_;
  S* saved_;
  bool back_;
};

/// Calls hidden(block, rows, earlier, later, start) for each block of a segment's past that step t
/// reads.
template <Segment segment, class P, class Hidden>
BACKFOLD_NO_INLINE void for_past(const P& pass, Index t, Hidden hidden) {
  for_each_index<segment.last - segment.first + 1>([&](auto i) {
    constexpr int layer = segment.first + i();
    const Index units = pass.template units<layer>();
    for (Index d = 1; d <= P::Graph::history(layer); ++d) {
      hidden(pass.template own_output<layer>(t - d), units, t - d, t,
             pass.template output_start<layer>());
    }
    if constexpr (P::Graph::has_memory[static_cast<std::size_t>(layer)]) {
      hidden(pass.template memory<layer>(t - 1), units, t - 1, t,
             pass.template memory_start<layer>());
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

/// Outputs of layer L `Delay` steps before each step, those of the start across a reset.
template <int L, int Delay, class P>
BACKFOLD_ALWAYS_INLINE auto delayed_outputs(const P& pass) {
  const auto outputs = pass.template outputs<L>(Delay);
  if constexpr (Delay > 0 && P::may_reset) {
    if (pass.resets().any()) {
      const Index units = pass.template units<L>();
      copy_since_reset(pass.resets(), outputs.data(), units, pass.steps(), Delay,
                       pass.template output_start<L>(), pass.since_reset());
      return decltype(pass.template outputs<L>(Delay))(pass.since_reset(), units, pass.columns(),
                                                       units);
    }
  }
  return outputs;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
