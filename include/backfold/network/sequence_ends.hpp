// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "backfold/core/error.hpp"
#include "backfold/network/pass.hpp"

/// Passes over sequences of different lengths. Steps after the end of a sequence have finite
/// numbers that do not affect results.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// @throws std::invalid_argument for a length outside 0..steps
BACKFOLD_COLD inline void check_lengths(const char* what, const Index* lengths, Index batch,
                                        Index steps) {
  for (Index b = 0; b < batch; ++b) {
    if (lengths[b] < 0 || lengths[b] > steps) {
      fail_argument(what, ": length of sequence ", b, " is ", lengths[b], ", expected 0 to ",
                    steps);
    }
  }
}

/// Copies the inputs, with zeros after the end of each sequence.
template <class S>
BACKFOLD_NO_INLINE void copy_inputs(const ConstMatrixView<S>& inputs, Index batch,
                                    const Index* lengths, S* to) {
  const Index units = inputs.rows();
  for (Index first = 0, t = 0; first < inputs.cols(); first += batch, ++t) {
    for (Index b = 0; b < batch; ++b, to += units) {
      const bool ended = lengths != nullptr && t >= lengths[b];
      const S* from = inputs.column(first + b);
      for (Index i = 0; i < units; ++i) to[i] = ended ? S(0) : from[i];
    }
  }
}

/// Repeats the last step of each sequence after its end: an unstable network has infinities there,
/// and 0·∞ would be added to the gradient. Zeros would not serve, since a cell's pull-back may
/// divide by the numbers of its forward step. A sequence without steps repeats its first step,
/// whose input is 0.
template <class P>
void repeat_last_steps(const P& pass, const Index* lengths) {
  using S = typename P::S;
  for_each_index<P::Arch::layer_count>([&](auto l) {
    constexpr int layer = l();
    const Index units = pass.template units<layer>();
    auto repeat = [&](S* first_step, Index rows) {
      for (Index t = 1; t < pass.steps(); ++t) {
        for (Index b = 0; b < pass.batch(); ++b) {
          if (t < lengths[b]) continue;
          const Index last = ((std::max)(lengths[b], Index{1}) - 1) * pass.batch() + b;
          copy_numbers(first_step + last * rows, first_step + (t * pass.batch() + b) * rows, rows);
        }
      }
    };
    repeat(pass.template own_output<layer>(), units);
    if constexpr (layer > 0) {
      using Type = typename P::template LayerType<layer>;
      if constexpr (keeps_net<Type, layer == P::Arch::output_layer>()) {
        repeat(pass.template net<layer>(), net_gates<Type>() * units);
      }
      if constexpr (has_memory<Type>()) repeat(pass.template memory<layer>(0), units);
    }
  });
}

/// Sets the outputs after the end of each sequence to 0.
template <class P>
void clear_ended_outputs(const P& pass, const Index* lengths) {
  using S = typename P::S;
  constexpr int layer = P::Arch::output_layer;
  const Index units = pass.template units<layer>();
  S* to = pass.template own_output<layer>();
  for (Index t = 0; t < pass.steps(); ++t) {
    for (Index b = 0; b < pass.batch(); ++b, to += units) {
      for (Index i = 0; t >= lengths[b] && i < units; ++i) to[i] = S(0);
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
