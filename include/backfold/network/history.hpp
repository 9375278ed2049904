// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/array.hpp"
#include "backfold/core/error.hpp"
#include "backfold/core/types.hpp"
#include "backfold/core/unroll.hpp"
#include "backfold/data/sequences.hpp"
#include "backfold/network/layer_shape.hpp"
#include "backfold/network/pass.hpp"
#include "backfold/network/state.hpp"

/// The past of a pass, outputs and memories before its first step, and the states that it comes
/// from and goes to. Block k of a layer's past is its outputs k + 1 steps ago or, after the oldest,
/// its memory.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Number of blocks in the past of a layer.
template <class Graph>
constexpr int past_blocks(int layer) {
  return Graph::history(layer) + int{Graph::has_memory[static_cast<std::size_t>(layer)]};
}

/// Block k of the past of layer L in a pass.
template <int L, class P>
typename P::S* past_block(const P& pass, [[maybe_unused]] int k) {
  if constexpr (P::Graph::history(L) > 0) {
    if (k < P::Graph::history(L)) return pass.template own_output<L>(-1 - k);
  }
  return pass.template memory_or_null<L>(-1);
}

/// The delta of block k of the past of layer L, after a backward pass.
template <int L, class P>
const typename P::S* past_delta(const P& pass, [[maybe_unused]] int k) {
  if constexpr (P::Graph::history(L) > 0) {
    if (k < P::Graph::history(L)) return pass.template delta<L>(-1 - k);
  }
  if constexpr (P::Graph::has_memory[static_cast<std::size_t>(L)]) {
    return pass.template d_memory<L>();
  }
  return nullptr;
}

/// Checks that the initial and final states, if given, match the pass.
template <class P, class StateType>
void check_states(const P& pass, const StateType* initial, const StateType* final) {
  for (const StateType* state : {initial, final}) {
    if (state != nullptr) state->check_fits(pass.architecture(), pass.batch());
  }
}

/// Checks that the initial states of data match a network.
/// @throws std::invalid_argument for a wrong number of rows
template <class Net>
void check_initial_states(const Net& net, const Sequences<typename Net::Scalar>& data) {
  const Index rows = data.initial_states.rows();
  if (rows == 0) return;
  const Index expected = remembered_of(net.architecture());
  if (rows != expected) {
    fail_argument("data: initial_states have ", rows, " rows, the state of a sequence ", expected,
                  " numbers");
  }
}

/// Sets the past of a pass: from a state; else from a column for each sequence; else to the learnt
/// start or zero.
template <class P, class StateType>
void set_history(const P& pass, const StateType* state,
                 const ConstMatrixView<typename P::S>* columns = nullptr) {
  using S = typename P::S;
  using Graph = typename P::Graph;
  Index row = 0;  // of the columns, at which the layer's numbers begin
  for_each_index<P::Arch::layer_count>([&](auto l) {
    constexpr int layer = l();
    constexpr int history = Graph::history(layer), count = past_blocks<Graph>(layer);
    const Index units = pass.template units<layer>();
    for (int k = 0; k < count; ++k) {
      S* const to = past_block<layer>(pass, k);
      if (state != nullptr) {
        copy_numbers(state->template past_block<layer>(k), to, units * pass.batch());
      } else if (columns != nullptr) {
        // A column has the oldest outputs first, then the memory.
        copy_rows(*columns, row + (k < history ? history - 1 - k : k) * units, units, to);
      } else if constexpr (Graph::start_columns(layer) > 0) {
        const ConstMatrixView<S> start(pass.template start<layer>(k), units, pass.batch(), 0);
        copy_rows(start, 0, units, to);
      } else {
        for (Index i = 0; i < units * pass.batch(); ++i) to[i] = S(0);
      }
    }
    row += count * units;
  });
}

/// Stores the state after the last step of each sequence of a pass: the start for steps before a
/// reset.
template <class P, class StateType>
void get_history(const P& pass, const Index* lengths, StateType& state) {
  using S = typename P::S;
  using Graph = typename P::Graph;
  for_each_index<P::Arch::layer_count>([&](auto l) {
    constexpr int layer = l();
    const Index units = pass.template units<layer>();
    for (Index b = 0; b < pass.batch(); ++b) {
      const Index end = lengths == nullptr ? pass.steps() : lengths[b];
      if constexpr (Graph::history(layer) > 0) {
        for (int d = 1; d <= Graph::history(layer); ++d) {
          S* const to = state.template output<layer>(d).data() + b * units;
          const Index block =
              pass.resets().any() ? pass.resets().start_block(end - d, end - 1, b) : -1;
          if (block >= 0) {
            copy_start(pass.template output_start<layer>(), block, units, to);
          } else {
            copy_numbers(pass.template own_output<layer>(end - d) + b * units, to, units);
          }
        }
      }
      if constexpr (StateType::template has_memory<layer>()) {
        copy_numbers(pass.template memory<layer>(end - 1) + b * units,
                     state.template memory<layer>().data() + b * units, units);
      }
    }
  });
}

/// Stores ∂E/∂(state before the first step) after a backward pass.
template <class P, class StateType>
void get_history_gradient(const P& pass, StateType& d_state) {
  for_each_index<P::Arch::layer_count>([&](auto l) {
    constexpr int layer = l();
    for (int k = 0; k < past_blocks<typename P::Graph>(layer); ++k) {
      copy_numbers(past_delta<layer>(pass, k), d_state.template past_block<layer>(k),
                   pass.template units<layer>() * pass.batch());
    }
  });
}

/// Shifts the history by one step.
template <class P>
BACKFOLD_ALWAYS_INLINE void shift_history(const P& pass) {
  for_each_index<P::Arch::layer_count>([&](auto l) {
    constexpr int layer = l();
    constexpr int history = P::Graph::history(layer);
    const Index block = pass.template units<layer>() * pass.batch();
    if constexpr (history > 1) {
      copy_numbers(pass.template own_output<layer>(1 - history),
                   pass.template own_output<layer>(-history), (history - 1) * block);
    }
    if constexpr (history > 0) {
      copy_numbers(pass.template own_output<layer>(0), pass.template own_output<layer>(-1), block);
    }
    if constexpr (layer > 0) {
      if constexpr (has_memory<typename P::template LayerType<layer>>()) {
        copy_numbers(pass.template memory<layer>(0), pass.template memory<layer>(-1), block);
      }
    }
  });
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
