// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/backfold.hpp"
#include "reference/reference.hpp"

/// Calls f(key, block) with each block of a state, keys such as "initial_1_2" (layer 1, two steps
/// ago) and "initial_1_c" (its memory).
template <class StateType, class F>
void for_each_key(const std::string& prefix, StateType& state, const F& f) {
  using Plain = std::remove_const_t<StateType>;
  backfold::for_each_index<Plain::Arch::layer_count>([&](auto l) {
    const std::string key = prefix + "_" + std::to_string(l()) + "_";
    if constexpr (Plain::Graph::history(l()) > 0) {
      for (int d = 1; d <= Plain::Graph::history(l()); ++d) {
        f(key + std::to_string(d), state.template output<l()>(d));
      }
    }
    if constexpr (Plain::template has_memory<l()>()) f(key + "c", state.template memory<l()>());
  });
}
