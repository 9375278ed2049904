// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activate.hpp"
#include "backfold/core/types.hpp"
#include "backfold/loss/from_net_input.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class Form>
inline constexpr bool acts_on_columns = requires(const Form&, const double* d) {
  Form::column(d, d, Index{});
};
template <class L, class A>
constexpr bool column_form() {
  if constexpr (has_net_input_form<L, A>) {
    return acts_on_columns<FromNetInput<L, A>>;
  } else {
    return ColumnLoss<L> || !ElementwiseActivation<A>;
  }
}

/// Sum of the first lanes; the others are ignored.
template <class V>
BACKFOLD_ALWAYS_INLINE typename V::Scalar sum_of_first(const V& v, Index count) {
  if (BACKFOLD_IS_CONSTANT(count) && count == 1) return v.first();
  typename V::Scalar numbers[V::size];
  v.store(numbers, V::size);
  return sum(V::load(numbers, count));
}

/// E of `units` contiguous units, of one sample or of many, and their delta. Pass N if `units` is
/// known at compile time.
template <bool WithDelta, Index N, class L, class A, Real S>
BACKFOLD_ALWAYS_INLINE double units_error(const L& loss, const A& activation, const S* net,
                                          const S* output, const S* target, Index units, S scale,
                                          S* delta) {
  using V = LanesFor<S, N>;
  double error = 0;
  for_strips<V::size, N>(units, [&](Index i, auto count) {
    const V y = load_strip<V>(output + i, count);
    const V z = load_strip<V>(target + i, count);
    V e;
    V d;
    if constexpr (has_net_input_form<L, A>) {
      const V x = load_strip<V>(net + i, count);
      e = FromNetInput<L, A>::value(loss, activation, x, z);
      if constexpr (WithDelta) d = FromNetInput<L, A>::delta(loss, activation, x, y, z);
    } else {
      e = loss.value(y, z);
      if constexpr (WithDelta && uses_net_input<A>) {
        d = loss.derivative(y, z) * activation.derivative(load_strip<V>(net + i, count), y);
      } else if constexpr (WithDelta && ElementwiseActivation<A>) {
        d = loss.derivative(y, z) * activation.derivative(y);
      } else if constexpr (WithDelta) {
        d = loss.derivative(y, z);
      }
    }
    if constexpr (WithDelta) store_strip(scale * d, delta + i, count);
    if constexpr (std::is_same_v<decltype(count), Index>) {
      error += static_cast<double>(sum_of_first(e, count));
    } else {
      error += static_cast<double>(sum(e));
    }
  });
  return error;
}

/// Error of one sample for a pair that acts on whole columns.
template <bool WithDelta, Index N, class L, class A, Real S>
BACKFOLD_ALWAYS_INLINE double column_error(const L& loss, const A& activation, const S* net,
                                           const S* output, const S* target, Index units, S scale,
                                           S* delta) {
  if constexpr (has_net_input_form<L, A>) {
    const double error = static_cast<double>(FromNetInput<L, A>::column(net, target, units));
    if constexpr (WithDelta) {
      FromNetInput<L, A>::column_delta(output, target, units, scale, delta);
    }
    return error;
  } else if constexpr (ColumnLoss<L>) {
    if constexpr (WithDelta) {
      loss.column_derivative(output, target, units, scale, delta);
      multiply_by_derivative<N>(activation, net, output, delta, units, 1);
    }
    return static_cast<double>(loss.column(output, target, units));
  } else {
    const double error =
        units_error<WithDelta, N>(loss, activation, net, output, target, units, scale, delta);
    if constexpr (WithDelta) activation.multiply_by_derivative(output, delta, units);
    return error;
  }
}

/// Error of the output layer over `columns` samples, and its delta. One function computes both, so
/// they cannot disagree.
///
/// @tparam Rows the units if static, else Dynamic
/// @tparam Columns the columns if static, else Dynamic
/// @param net units × columns, read only if needs_net<L, A>
/// @param target targets × columns, with columns `target_stride` apart; as many targets as units,
/// unless the loss has other outputs_per_target
/// @param weights one per column, or nullptr; a column of weight 0 adds nothing and has δ = 0, even
/// if its numbers are not finite
/// @param delta WithDelta: gets scale·weight·∂E/∂net; may alias `net`, unless a ColumnLoss is
/// combined with a φ' that needs the net input
/// @return Σ weight·E, not scaled; summed in double
template <bool WithDelta, Index Rows, Index Columns, class L, class A, Real S>
BACKFOLD_ALWAYS_INLINE double output_error(const L& loss, const A& activation, const S* net,
                                           const S* output, const S* target, Index target_stride,
                                           Index units, Index columns, const S* weights,
                                           double scale, S* delta) {
  constexpr bool by_column = detail::column_form<L, A>();
  if constexpr (Rows != Dynamic) units = Rows;
  if constexpr (Columns != Dynamic) columns = Columns;
  if constexpr (!by_column) {
    if (weights == nullptr && (target_stride == units || columns == 1)) {
      return detail::units_error<WithDelta, size_product(Rows, Columns)>(
          loss, activation, net, output, target, units * columns, static_cast<S>(scale), delta);
    }
  }
  double error = 0;
  for (Index c = 0; c < columns; ++c) {
    const Index at = c * units;
    const S* const z = target + c * target_stride;
    S* const d = WithDelta ? delta + at : nullptr;
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[c]);
    if (weight == 0) {
      for (Index i = 0; i < units && WithDelta; ++i) d[i] = S(0);
      continue;
    }
    const S column_scale = static_cast<S>(scale * weight);
    if constexpr (by_column) {
      error += weight * detail::column_error<WithDelta, Rows>(
                            loss, activation, net + at, output + at, z, units, column_scale, d);
    } else {
      error += weight * detail::units_error<WithDelta, Rows>(
                            loss, activation, net + at, output + at, z, units, column_scale, d);
    }
  }
  return error;
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
