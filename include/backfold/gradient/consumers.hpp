// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "backfold/network/topology.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Links out of layer L, through which the error flows back to it.
template <class Graph, int L>
struct Consumers {
  static constexpr Segment segment = Graph::segment_of(L);

  /// The index of a Lookup has no derivative.
  static constexpr bool comes_back(const Link& link, bool in_time) {
    return link.source == L && link.weights != Weights::Lookup &&
           segment.holds(link.target) == in_time;
  }
  static constexpr int count(bool in_time) {
    int n = 0;
    for (const Link& link : Graph::links) n += comes_back(link, in_time);
    return n;
  }

  /// Links in time, or for the whole sequence. Undelayed ones come first, since they write every
  /// column.
  template <bool InTime>
  static constexpr auto list = [] {
    std::array<Link, count(InTime)> result{};
    std::size_t next = 0;
    for (const bool delayed : {false, true}) {
      for (const Link& link : Graph::links) {
        if (!comes_back(link, InTime)) continue;
        if ((link.delay > 0) == delayed) result[next++] = link;
      }
    }
    return result;
  }();
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
