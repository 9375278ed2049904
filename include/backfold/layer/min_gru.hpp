// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/unit_symmetry.hpp"
#include "backfold/layer/cell.hpp"
#include "backfold/layer/layer_step.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Minimal gated recurrent unit: with net = W x^t + b in two gates z, c,
///
///     z = sig(net_z),  h^t = (1 − z)·h^(t−1) + z·net_c,
///
/// and backward, with d = ∂E/∂h^t,
///
///     δ_z = d·(net_c − h^(t−1))·z·(1 − z),  δ_c = d·z,  ∂E/∂h^(t−1) = d·(1 − z).
///
/// No weights lead from h to the gates, so a unit depends on its own past alone: RTRL costs
/// O(parameters) a step instead of O(parameters · units). Its block of the parameters is [W | b]
/// with 2·units rows, gates in the order z, c.
///
/// Source: Feng, Tung, Ahmed, Bengio & Hajimirsadegh, Were RNNs all we needed? (2024). This is the
/// plain form, not the logarithmic one.
template <Index Units, class... Options>
class MinGru : public Extent<Units> {
 public:
  static_assert((LayerOption<Options> && ...),
                "backfold: an option of MinGru is From<l>, Recurrent<d>, Delayed<l, d>, "
                "Back<k, d>, Lookup<n>, After<l>, Name<text>, LearntStart or NoBias");
  static constexpr const char* name = "MinGru";
  static constexpr Index units_at_compile_time = Units;
  static constexpr LayerName label = detail::label_among<Options...>();
  static constexpr auto connections = detail::connections_of<Options...>();
  static constexpr int bias_columns = (std::is_same_v<Options, NoBias> || ...) ? 0 : 1;
  static constexpr bool learns_start = (std::is_same_v<Options, LearntStart> || ...);
  static constexpr int net_gates = 2;
  static constexpr int weight_gates = 2;
  static constexpr bool has_memory = true;
  static constexpr bool units_are_independent = true;
  static constexpr auto unit_symmetry = UnitSymmetry::Exchange;
  template <Index OtherUnits>
  using Resized = MinGru<OtherUnits, Options...>;
  template <class Map>
  using WithOptions = MinGru<Units, typename Map::template Type<Options>...>;

  static constexpr PartList parts(int) { return {{{0, 0, 2}}, 1}; }

  using Extent<Units>::Extent;
  constexpr MinGru() = default;
  template <Index OtherUnits>
  constexpr explicit MinGru(const MinGru<OtherUnits, Options...>& other) : MinGru(other.units()) {}

  template <Real S>
  void forward(const LayerStep<S>& at) const {
    using namespace detail;
    using V = Lanes<S>;
    for_cells<S, Units>(at.units, at.n, [&](Index column, Index row, auto count) {
      const S* const gate = at.net + 2 * at.units * column + row;
      const Index here = at.units * column + row;
      const Gate<V> z(load_strip<V>(gate, count));
      const V candidate = load_strip<V>(gate + at.units, count);
      const V h = z.rest * load_strip<V>(at.memory_before + here, count) + z.value * candidate;
      store_strip(h, at.memory + here, count);
      store_strip(h, at.output + here, count);
    });
  }

  template <Real S>
  void pull_back(const LayerPullBack<S>& at) const {
    using namespace detail;
    using V = Lanes<S>;
    for_cells<S, Units>(at.units, at.n, [&](Index column, Index row, auto count) {
      S* const gate = at.net + 2 * at.units * column + row;
      const Index here = at.units * column + row;
      const Gate<V> z(load_strip<V>(gate, count));
      const V candidate = load_strip<V>(gate + at.units, count);
      const V before = load_strip<V>(at.memory_before + here, count);
      const V d =
          load_strip<V>(at.d_output + here, count) + load_strip<V>(at.d_memory + here, count);
      store_strip(d * (candidate - before) * z.value * z.rest, gate, count);
      store_strip(d * z.value, gate + at.units, count);
      store_strip(d * z.rest, at.d_memory + here, count);
    });
  }

  /// The candidate is linear.
  template <Real S>
  void gate_slopes(const S* net, S* slopes, Index units, Index n) const {
    for (Index c = 0; c < n; ++c, net += 2 * units, slopes += 2 * units) {
      transform_into(slopes, units, detail::SigmoidSlope{}, net);
      for (Index i = 0; i < units; ++i) slopes[units + i] = 1;
    }
  }

 private:
  /// z and 1 − z, both accurate even if one is nearly 0.
  template <class V>
  struct Gate {
    V value, rest;
    explicit Gate(const V& net) {
      const V smaller = smaller_sigmoid(net);
      value = select(net < V(0), smaller, 1 - smaller);
      rest = select(net < V(0), 1 - smaller, smaller);
    }
  };
};

template <Index Units, class... Options>
inline constexpr bool outputs_probabilities<MinGru<Units, Options...>> = false;

BACKFOLD_END_NAMESPACE
