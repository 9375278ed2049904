// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <tuple>

#include "backfold/layer/input.hpp"
#include "backfold/layer/layer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A connection by its target: number `index` of the connections into layer `target`.
struct Link {
  int source;
  int target;
  int index;
  int delay;
  Weights weights;
};

/// Layers first..last, which run together: for the whole sequence at once, or step by step in time.
struct Segment {
  int first;
  int last;
  bool in_time;

  [[nodiscard]] constexpr bool holds(int layer) const { return first <= layer && layer <= last; }
  friend constexpr bool operator==(const Segment&, const Segment&) = default;
};

template <class T>
inline constexpr bool is_input = false;
template <Index Units>
inline constexpr bool is_input<Input<Units>> = true;

template <class Links>
constexpr Segment segment_of(const Links& links, int layer, bool has_memory) {
  Segment segment{layer, layer, has_memory};
  for (bool grown = true; grown;) {
    grown = false;
    for (const Link& link : links) {
      const bool loop = link.delay > 0 && link.source >= link.target;
      if (!loop || link.target > segment.last || link.source < segment.first) continue;
      if (segment.in_time && link.target >= segment.first && link.source <= segment.last) continue;
      if (link.target < segment.first) segment.first = link.target;
      if (link.source > segment.last) segment.last = link.source;
      segment.in_time = true;
      grown = true;
    }
  }
  return segment;
}

/// True for a graph whose outputs are fed back as inputs, so that the input is in the segment.
template <class Graph>
inline constexpr bool closes_loop = requires {
  Graph::closes_loop;
};

}  // namespace detail

/// Graph and schedule of a network, computed from the layers' types at compile time.
///
/// Because every layer is chained to the one before, a delayed connection from layer s back to
/// layer t <= s makes the layers t..s depend on one another through time, and on no other layer:
/// the strongly connected components are runs of neighbouring layers. They are the segments that
/// step through time. A cell with a memory is one too, since it depends on its own past without a
/// connection. Each other layer is a segment of its own, which runs for the whole sequence at once.
template <class InputLayer, class... Layers>
struct Topology {
  static_assert(detail::is_input<InputLayer>,
                "backfold: the first layer of a network is Input<units>");
  static_assert(sizeof...(Layers) > 0,
                "backfold: a network needs at least one layer behind its Input");
  static_assert((!detail::is_input<Layers> && ...),
                "backfold: only the first layer of a network is an Input");
  static_assert((Layer<Layers> && ...),
                "backfold: what stands behind Input is a layer: Dense, Lstm, Gru or your own, with "
                "units(), connections, bias_columns, and either activation() or forward()");
  static_assert((!detail::HasUnusedSteps<Layers> && ...),
                "backfold: a layer has either activation() or forward(): the forward() of a layer "
                "derived from Dense would never run; derive it from Extent");

  static_assert((detail::parts_fit<Layers>() && ...),
                "backfold: each connection of a cell has one to eight parts, which lie within its "
                "weight_gates and net_gates");

  static constexpr int layer_count = 1 + static_cast<int>(sizeof...(Layers));
  static constexpr int link_count = (0 + ... + static_cast<int>(Layers::connections.size()));

  /// All connections, by target, then in the order of the layer's list.
  static constexpr std::array<detail::Link, link_count> links = [] {
    std::array<detail::Link, link_count> result{};
    int target = 0;
    std::size_t next = 0;
    auto add = [&](const auto& connections) {
      ++target;
      int index = 0;
      for (const Connection& c : connections) {
        result[next++] = {c.source_of(target), target, index++, c.delay, c.weights};
      }
    };
    (add(Layers::connections), ...);
    return result;
  }();

  static constexpr bool sources_exist = [] {
    for (const detail::Link& link : links) {
      if (link.source < 0 || link.source >= layer_count) return false;
    }
    return true;
  }();
  static_assert(sources_exist, "backfold: a connection comes from a layer that the network lacks");

  static constexpr std::array<Index, layer_count> units_at_compile_time{
      InputLayer::units_at_compile_time, Layers::units_at_compile_time...};

  /// First connection whose kind does not match these numbers of units, index -1 if there is none:
  /// one-to-one between different numbers, or a Lookup by more than one unit. Dynamic matches any.
  static constexpr detail::Link unfit_link(const std::array<Index, layer_count>& units) {
    for (const detail::Link& link : links) {
      if (link.source < 0 || link.source >= layer_count) continue;
      const Index from = units[static_cast<std::size_t>(link.source)];
      const Index to = units[static_cast<std::size_t>(link.target)];
      const Index needed = link.weights == Weights::Lookup ? 1 : to;
      const bool fits = from == Dynamic || needed == Dynamic || from == needed;
      if (link.weights != Weights::Full && !fits) return link;
    }
    return {0, 0, -1, 0, Weights::Full};
  }
  static constexpr Weights unfit_weights = unfit_link(units_at_compile_time).index < 0
                                               ? Weights::Full
                                               : unfit_link(units_at_compile_time).weights;
  static_assert(unfit_weights != Weights::Diagonal,
                "backfold: a diagonal connection joins unit i to unit i: its two layers need the "
                "same number of units");
  static_assert(unfit_weights != Weights::Identity,
                "backfold: a connection without weights joins unit i to unit i: its two layers "
                "need the same number of units");
  static_assert(unfit_weights != Weights::Lookup,
                "backfold: a Lookup reads an index from one unit: its source has more");

  static constexpr bool skips_come_from_before = [] {
    for (const detail::Link& link : links) {
      if (link.delay < 0) return false;
      if (link.delay == 0 && link.source >= link.target) return false;
    }
    return true;
  }();
  static_assert(skips_come_from_before,
                "backfold: From<l> names an earlier layer, and delays are at least 1; use "
                "Delayed<l, d> for a connection from the same or a later layer");

  static constexpr bool links_are_distinct = [] {
    for (std::size_t a = 0; a < links.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        const bool same_end = links[a].target == links[b].target &&
                              links[a].source == links[b].source &&
                              links[a].delay == links[b].delay;
        // An identity connection may have a parallel connection with weights.
        const bool same_kind =
            (links[a].weights == Weights::Identity) == (links[b].weights == Weights::Identity);
        if (same_end && same_kind) {
          return false;
        }
      }
    }
    return true;
  }();
  static_assert(links_are_distinct,
                "backfold: a layer lists the same connection twice (the one from the layer before "
                "is always there)");

  /// Layers that are cells with a memory.
  static constexpr std::array<bool, layer_count> has_memory{false, detail::has_memory<Layers>()...};

  /// True if a step depends on those before: through a delay, or the memory of a cell.
  static constexpr bool is_recurrent = [] {
    for (const detail::Link& link : links) {
      if (link.delay > 0) return true;
    }
    for (const bool memory : has_memory) {
      if (memory) return true;
    }
    return false;
  }();

  /// True if a layer has a connection from itself; a cell is then given its previous output.
  static constexpr bool feeds_itself(int layer) {
    for (const detail::Link& link : links) {
      if (link.source == layer && link.target == layer) return true;
    }
    return false;
  }

  /// Longest delay of the connections from a layer: the number of past outputs to keep.
  static constexpr int history(int layer) {
    int longest = 0;
    for (const detail::Link& link : links) {
      if (link.source == layer && link.delay > longest) longest = link.delay;
    }
    return longest;
  }

  /// Layers with a learnt start.
  static constexpr std::array<bool, layer_count> learns{false, detail::learns_start<Layers>...};
  static constexpr bool learns_start = (detail::learns_start<Layers> || ...);

  /// Columns of a layer's learnt start: its outputs one step ago, two steps ago and so on, then its
  /// memory; 0 without a learnt start.
  static constexpr int start_columns(int layer) {
    const auto l = static_cast<std::size_t>(layer);
    return learns[l] ? history(layer) + int{has_memory[l]} : 0;
  }
  static constexpr bool starts_are_used = [] {
    for (int l = 1; l < layer_count; ++l) {
      if (learns[static_cast<std::size_t>(l)] && start_columns(l) == 0) return false;
    }
    return true;
  }();
  static_assert(starts_are_used,
                "backfold: LearntStart is for a layer with a memory or with a delay that leads "
                "from it: nothing is before the first step of others");

  /// The segment that a layer runs in.
  static constexpr detail::Segment segment_of(int layer) {
    return detail::segment_of(links, layer, has_memory[static_cast<std::size_t>(layer)]);
  }

  static constexpr int segment_count = [] {
    int count = 0;
    for (int layer = 1; layer < layer_count;) {
      layer = segment_of(layer).last + 1;
      ++count;
    }
    return count;
  }();

  /// The schedule: the segments after the input, in the order in which they run forward.
  static constexpr std::array<detail::Segment, segment_count> schedule = [] {
    std::array<detail::Segment, segment_count> result{};
    std::size_t next = 0;
    for (int layer = 1; layer < layer_count;) {
      const detail::Segment segment = segment_of(layer);
      layer = segment.last + 1;
      result[next++] = segment;
    }
    return result;
  }();
};

BACKFOLD_END_NAMESPACE
