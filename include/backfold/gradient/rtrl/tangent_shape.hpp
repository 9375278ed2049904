// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activation.hpp"
#include "backfold/core/size.hpp"
#include "backfold/network/architecture.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The last layer whose output or memory a later step reads: parameters of later layers have no
/// past.
template <class Graph>
inline constexpr int last_remembered_layer = [] {
  int last = 0;
  for (int l = 0; l < Graph::layer_count; ++l) {
    if (Graph::history(l) > 0 || Graph::has_memory[static_cast<std::size_t>(l)]) last = l;
  }
  return last;
}();

/// Shape of the tangent ∂x/∂w of layer L: units × (parameters that affect the layer).
///
/// In a layer whose units depend only on their own pasts, parameter (i, j) of its block affects
/// only unit i. The derivatives with respect to its own parameters are then one number each: the
/// self-tangent, in the shape of the block.
template <class Arch, int L>
struct TangentShape {
  using Graph = typename Arch::Graph;
  using Type = typename Arch::template LayerType<L>;

  /// True if φ' is folded into the weights: ∂x = φ'·Σ W ∂x is computed as Σ (φ'·W) ∂x, which saves
  /// a sweep over all columns.
  static constexpr bool folds_slope = [] {
    if constexpr (fuses_activation<Type>) {
      return ElementwiseActivation<typename Type::ActivationType>;
    } else {
      return false;
    }
  }();

  /// True if one-to-one connections and memories are the only loops of the layer.
  static constexpr bool has_self_tangent = [] {
    constexpr Segment segment = Graph::segment_of(L);
    if (!folds_slope && !units_are_independent<Type>) return false;
    if (segment.first != segment.last || !segment.in_time) return false;
    for (const Link& link : Graph::links) {
      if (link.target == L && link.source == L && !is_one_to_one(link.weights)) return false;
    }
    return true;
  }();

  /// Rows of ∂net.
  static Index net_rows(const Arch& architecture) {
    return net_gates<Type>() * architecture.template units<L>();
  }

  /// Number of parameters with a column: the parameters of all layers that affect it, except its
  /// own if they have a self-tangent.
  static Index columns(const Arch& architecture) {
    if constexpr (has_self_tangent) {
      return architecture.template block_offset<L>();
    } else {
      return architecture.template block_offset<Graph::segment_of(L).last + 1>();
    }
  }

  /// Columns of the self-tangent, which has `units` rows.
  static Index self_columns(const Arch& architecture) {
    if constexpr (has_self_tangent) {
      const Index own =
          architecture.template block_offset<L + 1>() - architecture.template block_offset<L>();
      return own / architecture.template units<L>();
    } else {
      return 0;
    }
  }

  static Size size(const Arch& architecture) {
    return Size(architecture.template units<L>()) *
           (Size(columns(architecture)) + self_columns(architecture));
  }
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
