// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/elementwise.hpp"
#include "backfold/layer/extent.hpp"
#include "backfold/layer/layer.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Derivatives of sigmoid and tanh, in parts of their largest values.
struct SigmoidSlope {
  template <class V>
  V operator()(const V& net) const {
    const V s = smaller_sigmoid(net);
    return 4 * s * (1 - s);
  }
};
struct TanhSlope {
  template <class V>
  V operator()(const V& net) const {
    return 1 - square(tanh(net));
  }
};

/// Path of a cell's output back into the cell: direct, or by the option Through.
template <class... Options>
struct LoopOf : Recurrent<1> {};
template <class Option, class... Options>
struct LoopOf<Option, Options...> : LoopOf<Options...> {};
template <SetsLoop Option, class... Options>
struct LoopOf<Option, Options...> {
  static constexpr Connection connection = Option::loop;
};

/// Base of Lstm and Gru: connections from the layer before and from itself one step ago (or Through
/// another layer), further connections as options, and two bias columns as in PyTorch, [W_ih | W_hh
/// | ... | b_ih | b_hh].
template <Index Units, class... Options>
class CellLayer : public Extent<Units> {
 public:
  static_assert(((LayerOption<Options> || SetsLoop<Options>)&&...),
                "backfold: an option of a cell layer is From<l>, Recurrent<d>, Delayed<l, d>, "
                "Back<k, d>, Lookup<n>, After<l>, Through<l>, Name<text>, LearntStart or NoBias");

  static constexpr Index units_at_compile_time = Units;
  static constexpr LayerName label = detail::label_among<Options...>();
  static constexpr auto connections = detail::connections_of<LoopOf<Options...>, Options...>();
  static constexpr int bias_columns = (std::is_same_v<Options, NoBias> || ...) ? 0 : 2;
  static constexpr bool learns_start = (std::is_same_v<Options, LearntStart> || ...);

  /// True if the output reaches the cell's weights through another layer.
  static constexpr bool loops_through = (SetsLoop<Options> || ...);

  static constexpr bool no_diagonals = [] {
    for (const Connection& c : connections) {
      if (c.is_one_to_one()) return false;
    }
    return true;
  }();
  static_assert(no_diagonals, "backfold: a cell layer takes no diagonal connections");

  constexpr CellLayer() = default;
  constexpr explicit CellLayer(Index units) : Extent<Units>(units) {}
  template <detail::NoSize T>
  constexpr explicit CellLayer(T units) : CellLayer(detail::refuse_size(units)) {}
};

/// Calls f(column, row, count) for the rows of each of n columns, in runs of `count` lanes. The
/// count is a constant if all registers are full, which avoids masked loads and stores.
template <Real S, Index Units, class Function>
BACKFOLD_ALWAYS_INLINE void for_cells(Index units, Index n, Function&& f) {
  constexpr Index width = Lanes<S>::size;
  for (Index c = 0; c < n; ++c) {
    for (Index i = 0; i < units; i += width) {
      if constexpr (Units != Dynamic && Units % width == 0) {
        f(c, i, std::integral_constant<Index, width>{});
      } else {
        f(c, i, units - i < width ? units - i : width);
      }
    }
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
