// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/unroll.hpp"
#include "backfold/gradient/weight_gradients.hpp"
#include "backfold/network/resets.hpp"

/// The way back over resets: no error passes from a step after a reset to one before it.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The longest delay of a connection into layer L from a layer of its segment.
template <class Graph, int L>
constexpr int longest_delay_in_time() {
  int longest = 0;
  for (const Link& link : Graph::links) {
    if (link.target != L || !Graph::segment_of(L).holds(link.source)) continue;
    longest = (std::max)(longest, link.delay);
  }
  return longest;
}

/// Calls hidden(block, rows, earlier, later) for each block of later deltas that step t of a
/// segment reads.
template <Segment segment, class P, class Hidden>
BACKFOLD_NO_INLINE void for_future(const P& pass, Index t, Hidden hidden) {
  for_each_index<segment.last - segment.first + 1>([&](auto i) {
    constexpr int layer = segment.first + i();
    constexpr Index longest = longest_delay_in_time<typename P::Graph, layer>();
    const Index rows =
        net_gates<typename P::template LayerType<layer>>() * pass.template units<layer>();
    const Index last = (std::min)(t + longest, pass.steps() - 1);
    for (Index later = (std::max)(t + 1, Index{0}); later <= last; ++later) {
      hidden(net_delta<layer>(pass, later), rows, t, later);
    }
  });
}

/// Hides the deltas after a reset from step t of a segment.
template <Segment segment, class P>
BACKFOLD_ALWAYS_INLINE void hide_future(const P& pass, Index t) {
  if constexpr (P::may_reset) {
    if (pass.resets().any()) {
      for_future<segment>(pass, t, HiddenColumns(pass.resets(), pass.hidden(), false));
    }
  }
}
/// Restores them after the step.
template <Segment segment, class P>
BACKFOLD_ALWAYS_INLINE void restore_future(const P& pass, Index t) {
  if constexpr (P::may_reset) {
    if (pass.resets().any()) {
      for_future<segment>(pass, t, HiddenColumns(pass.resets(), pass.hidden(), true));
    }
  }
}

/// Calls hidden(block, rows, earlier, later) for the step before t as the pull-back of layer L
/// knows it: its output and memory, and the delta that it adds to.
template <int L, class P, class Hidden>
BACKFOLD_NO_INLINE void for_past_of_layer(const P& pass, Index t, Hidden hidden) {
  const Index units = pass.template units<L>();
  if constexpr (P::Graph::feeds_itself(L)) {
    hidden(pass.template own_output<L>(t - 1), units, t - 1, t);
    hidden(pass.template delta<L>(t - 1), units, t - 1, t);
  }
  if constexpr (P::Graph::has_memory[static_cast<std::size_t>(L)]) {
    hidden(pass.template memory<L>(t - 1), units, t - 1, t);
  }
}

/// Hides from the pull-back of layer L the step before a reset.
template <int L, class P>
BACKFOLD_ALWAYS_INLINE void hide_past_of_layer(const P& pass, Index t) {
  if constexpr (P::may_reset) {
    if (pass.resets().any()) {
      for_past_of_layer<L>(pass, t, HiddenColumns(pass.resets(), pass.since_reset(), false));
    }
  }
}
/// Puts it back, without what the pull-back has added; the memory's ∂E/∂ gets zeros.
template <int L, class P>
BACKFOLD_ALWAYS_INLINE void restore_past_of_layer(const P& pass, Index t) {
  using S = typename P::S;
  if constexpr (P::may_reset) {
    if (!pass.resets().any()) return;
    for_past_of_layer<L>(pass, t, HiddenColumns(pass.resets(), pass.since_reset(), true));
    if constexpr (P::Graph::has_memory[static_cast<std::size_t>(L)]) {
      const Index units = pass.template units<L>();
      for (Index b = 0; b < pass.batch(); ++b) {
        if (!pass.resets().separate(t - 1, t, b)) continue;
        std::fill_n(pass.template d_memory<L>() + b * units, units, S(0));
      }
    }
  }
}

/// Deltas of layer L in all steps, zero where a reset separates them from the output `Delay` steps
/// before.
template <int L, int Delay, class P>
BACKFOLD_ALWAYS_INLINE const typename P::S* delayed_deltas(const P& pass) {
  const auto* const deltas = net_delta<L>(pass, 0);
  if constexpr (Delay > 0 && P::may_reset) {
    if (pass.resets().any()) {
      const Index rows = net_gates<typename P::template LayerType<L>>() * pass.template units<L>();
      copy_since_reset(pass.resets(), deltas, rows, pass.steps(), Delay, pass.since_reset());
      return pass.since_reset();
    }
  }
  return deltas;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
