// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/sigmoid.hpp"
#include "backfold/activation/softmax.hpp"
#include "backfold/core/long_sum.hpp"
#include "backfold/loss/binary_cross_entropy.hpp"
#include "backfold/loss/categorical_cross_entropy.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Pair of loss and activation whose error is computed from the net input, since the way through
/// the output would lose accuracy or overflow. Specialise it for a pair of your own: elementwise,
/// with
///
///     V value(const L&, const A&, V net, V z), V delta(const L&, const A&, V net, V y, V z)
///
/// or for whole columns, with `S column(net, z, units)`, which returns E of a sample, and `void
/// column_delta(y, z, units, scale, delta)`.
template <class L, class A>
struct FromNetInput;

template <>
struct FromNetInput<BinaryCrossEntropy, Sigmoid> {
  template <class V>
  static V value(const BinaryCrossEntropy&, const Sigmoid& a, const V& net, const V& z) {
    // (1 − z)·softplus(x) + z·softplus(−x) with x = a·net, which subtracts no terms of the order of
    // x. The slope comes last: x may overflow where the target makes its part 0.
    const V part = select(net > V(0), net * (1 - z), -(net * z));
    return a.slope * part + detail::log1p_to_one(exp(-abs(a.slope * net)));
  }
  template <class V>
  static V delta(const BinaryCrossEntropy&, const Sigmoid& a, const V&, const V& y, const V& z) {
    return a.slope * (y - z);
  }
};

template <>
struct FromNetInput<CategoricalCrossEntropy, Sigmoid> {
  template <class V>
  static V value(const CategoricalCrossEntropy&, const Sigmoid& a, const V& net, const V& z) {
    return z * softplus(-detail::scaled(a.slope, net));
  }
  template <class V>
  static V delta(const CategoricalCrossEntropy&, const Sigmoid& a, const V& net, const V&,
                 const V& z) {
    return -a.slope * z * sigmoid(-detail::scaled(a.slope, net));
  }
};

template <>
struct FromNetInput<CategoricalCrossEntropy, Softmax> {
  /// Σ_j z_j (LSE(net) − net_j). The largest net input a is factored out: LSE = a + ln(1 + Σ over
  /// the others of exp(net − a)).
  template <Real S>
  static S column(const S* net, const S* z, Index units) {
    using V = Lanes<S>;
    Index at = 0;
    for (Index i = 1; i < units; ++i) at = net[i] > net[at] ? i : at;
    const S largest = net[at];
    const S lowest = detail::lowest_that_counts(largest);
    const S others = detail::sum_of_lanes<V>(units, [&](const V& total, Index i, auto count) {
      const V x = at_least(detail::load_strip<V>(net + i, count), V(lowest)) - largest;
      S e[V::size];
      exp(x).store(e);
      if (at >= i && at < i + count) e[at - i] = S(0);
      return total + V::load(e, count);
    });
    const S log_sum = log1p(V(others)).first();
    return detail::sum_of_lanes<V>(units, [&](const V& total, Index i, auto count) {
      const V x = detail::load_strip<V>(net + i, count);
      const V target = detail::load_strip<V>(z + i, count);
      // 0 if the target is 0, however large the net input; NaN if the net input is NaN.
      const auto none = target == V(0);
      V counted = select(none, V(largest), x);
      counted.packet = detail::settled(counted.packet);
      return total + select(none, V(0) * x, target * (log_sum - (counted - largest)));
    });
  }
  template <Real S>
  static void column_delta(const S* y, const S* z, Index units, S scale, S* delta) {
    using V = Lanes<S>;
    const V all(detail::sum_of_lanes<V>(units, [&](const V& total, Index i, auto count) {
      return total + detail::load_strip<V>(z + i, count);
    }));
    for_strips<V::size>(units, [&](Index i, auto count) {
      const V d = detail::load_strip<V>(y + i, count) * all - detail::load_strip<V>(z + i, count);
      detail::store_strip(scale * d, delta + i, count);
    });
  }
};

namespace detail {

template <class L, class A>
inline constexpr bool has_net_input_form = requires {
  sizeof(FromNetInput<L, A>);
};

/// True if the error of this pair is computed from net inputs, so that the output layer keeps them.
template <class L, class A>
inline constexpr bool needs_net = has_net_input_form<L, A> || uses_net_input<A>;

}  // namespace detail

BACKFOLD_END_NAMESPACE
