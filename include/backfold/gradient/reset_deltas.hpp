// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/unroll.hpp"
#include "backfold/gradient/weight_gradients.hpp"
#include "backfold/network/resets.hpp"

/// The way back over resets: the error of a step after a reset passes to the learnt start, if there
/// is one, and not to a step before it.

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

/// Calls hidden(block, rows, earlier, later, start) for the step before t as the pull-back of layer
/// L knows it: its output and memory, and the delta that it adds to.
template <int L, class P, class Hidden>
BACKFOLD_NO_INLINE void for_past_of_layer(const P& pass, Index t, Hidden hidden) {
  const Index units = pass.template units<L>();
  if constexpr (P::Graph::feeds_itself(L)) {
    hidden(pass.template own_output<L>(t - 1), units, t - 1, t, pass.template output_start<L>());
    hidden(pass.template delta<L>(t - 1), units, t - 1, t, nullptr);
  }
  if constexpr (P::Graph::has_memory[static_cast<std::size_t>(L)]) {
    hidden(pass.template memory<L>(t - 1), units, t - 1, t, pass.template memory_start<L>());
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
/// Adds what the pull-back of layer L at step t, which is a reset, has found for the step before to
/// the gradient of the learnt start.
template <int L, class P>
BACKFOLD_NO_INLINE void add_past_to_start(const P& pass, Index t, typename P::S* gradient) {
  const Index units = pass.template units<L>();
  typename P::S* const start = gradient + pass.architecture().template start_offset<L>();
  for (Index b = 0; b < pass.batch(); ++b) {
    if (!pass.resets().separate(t - 1, t, b)) continue;
    if constexpr (P::Graph::feeds_itself(L)) {
      add_numbers(pass.template delta<L>(t - 1) + b * units, start, units);
    }
    if constexpr (P::Graph::has_memory[static_cast<std::size_t>(L)]) {
      add_numbers(pass.template d_memory<L>() + b * units, start + P::Graph::history(L) * units,
                  units);
    }
  }
}

/// Puts it back, without what the pull-back has added, which belongs to the learnt start; the
/// memory's ∂E/∂ gets zeros.
template <int L, class P>
BACKFOLD_ALWAYS_INLINE void restore_past_of_layer(const P& pass, Index t,
                                                  [[maybe_unused]] typename P::S* gradient) {
  using S = typename P::S;
  if constexpr (P::may_reset) {
    if (!pass.resets().any()) return;
    if constexpr (P::Graph::start_columns(L) > 0) add_past_to_start<L>(pass, t, gradient);
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
      copy_since_reset<typename P::S>(pass.resets(), deltas, rows, pass.steps(), Delay, nullptr,
                                      pass.since_reset());
      return pass.since_reset();
    }
  }
  return deltas;
}

/// to ← the sum of the deltas of layer L at all steps that read a block of the start, by a
/// connection of a delay, in place of a step before a reset.
template <int L, class P>
BACKFOLD_NO_INLINE void sum_deltas_after_resets(const P& pass, Index delay, Index block,
                                                typename P::S* to) {
  using S = typename P::S;
  const Index rows = net_gates<typename P::template LayerType<L>>() * pass.template units<L>();
  std::fill_n(to, rows, S(0));
  for (Index t = 0; t < pass.steps(); ++t) {
    for (Index b = 0; b < pass.batch(); ++b) {
      if (pass.resets().start_block(t - delay, t, b) != block) continue;
      add_numbers(net_delta<L>(pass, t) + b * rows, to, rows);
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
