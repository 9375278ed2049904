// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/unit_symmetry.hpp"
#include "backfold/layer/cell.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Gated recurrent unit: with i = W x^t + b_ih and h = U h^(t−1) + b_hh in three gates r, z, n,
///
///     r = sig(i_r + h_r),  z = sig(i_z + h_z),  n = tanh(i_n + r·h_n),
///     h^t = (1 − z)·n + z·h^(t−1),
///
/// and backward, with d_h = ∂E/∂h^t,
///
///     δ_n = d_h·(1 − z)·(1 − n²),  δ_z = d_h·(h^(t−1) − n)·z·(1 − z),
///     δ_r = δ_n·h_n·r·(1 − r),  ∂E/∂h_n = δ_n·r,
///
/// and d_h·z is added to ∂E/∂h^(t−1), besides the contribution through U.
///
/// Its block of the parameters is [W_ih | W_hh | b_ih | b_hh] with 3·units rows, gates in PyTorch's
/// order r, z, n, so weights can be exchanged with torch.nn.GRU. Options as for Dense; their
/// connections add to i.
///
/// With Through<l>, U multiplies x_l^(t−1) and z the cell's own h^(t−1), which becomes a memory.
///
/// Source: Cho et al., Learning phrase representations using RNN encoder-decoder (2014). Differs:
/// the reset gate acts after the product with U, as in PyTorch and cuDNN.
template <Index Units, class... Options>
class Gru : public detail::CellLayer<Units, Options...> {
 public:
  static constexpr const char* name = "Gru";
  static constexpr auto unit_symmetry = UnitSymmetry::Exchange;
  static constexpr int net_gates = 4;  // r, z, i_n, h_n
  static constexpr int weight_gates = 3;
  static constexpr bool units_are_independent = true;
  /// With Through, output_before belongs to another layer, so the cell stores its own h^(t−1) as
  /// memory.
  static constexpr bool has_memory = detail::CellLayer<Units, Options...>::loops_through;
  template <Index OtherUnits>
  using Resized = Gru<OtherUnits, Options...>;
  template <class Map>
  using WithOptions = Gru<Units, typename Map::template Type<Options>...>;

  static constexpr PartList parts(int connection) {
    constexpr int itself = 1;
    if (connection == itself) return {{{0, 0, 2}, {2, 3, 1}}, 2};
    return {{{0, 0, 3}}, 1};
  }

  using detail::CellLayer<Units, Options...>::CellLayer;
  constexpr Gru() = default;
  template <Index OtherUnits>
  constexpr explicit Gru(const Gru<OtherUnits, Options...>& other) : Gru(other.units()) {}

  template <Real S>
  void forward(S* net, const S* output_before, const S* memory_before, S* output, S* memory,
               Index units, Index n) const {
    using namespace detail;
    using V = Lanes<S>;
    const S* const previous = has_memory ? memory_before : output_before;
    for_cells<S, Units>(units, n, [&](Index column, Index row, auto count) {
      S* const gate = net + 4 * units * column + row;
      const Index at = units * column + row;
      const V r = sigmoid(load_strip<V>(gate, count));
      // h^t starts from the closer of h^(t−1) and n and adds their difference times min(z, 1 − z),
      // so neither is lost if z is near 0 or 1. z's array stores the minimum, with a negative sign
      // if it is 1 − z: a z rounded to 1 would lose 1 − z.
      const V net_z = load_strip<V>(gate + units, count);
      const V smaller = smaller_sigmoid(net_z);
      const V part = select(net_z < V(0), smaller, -smaller);
      const V h_n = load_strip<V>(gate + 3 * units, count);
      const V candidate = tanh(load_strip<V>(gate + 2 * units, count) + r * h_n);
      const V h = load_strip<V>(previous + at, count);
      store_strip(r, gate, count);
      store_strip(part, gate + units, count);
      store_strip(candidate, gate + 2 * units, count);
      const V next = multiply_add(part, h - candidate, select(net_z < V(0), candidate, h));
      store_strip(next, output + at, count);
      if constexpr (has_memory) store_strip(next, memory + at, count);
    });
  }

  template <Real S>
  void pull_back(S* net, const S* output_before, const S* memory_before, const S*, const S*,
                 const S* d_output, S* d_memory, S* d_output_before, Index units, Index n) const {
    using namespace detail;
    using V = Lanes<S>;
    const S* const previous = has_memory ? memory_before : output_before;
    for_cells<S, Units>(units, n, [&](Index column, Index row, auto count) {
      S* const gate = net + 4 * units * column + row;
      const Index at = units * column + row;
      const V r = load_strip<V>(gate, count);
      const V part = load_strip<V>(gate + units, count);
      const V smaller = abs(part);
      const V larger = 1 - smaller;
      const V z = select(part < V(0), larger, smaller);
      const V rest = select(part < V(0), smaller, larger);
      const V candidate = load_strip<V>(gate + 2 * units, count);
      const V h_n = load_strip<V>(gate + 3 * units, count);
      V d_h = load_strip<V>(d_output + at, count);
      if constexpr (has_memory) d_h = d_h + load_strip<V>(d_memory + at, count);
      const V d_n = d_h * rest * (1 - candidate * candidate);
      store_strip(d_n * h_n * r * (1 - r), gate, count);
      store_strip(d_h * (load_strip<V>(previous + at, count) - candidate) * smaller * larger,
                  gate + units, count);
      store_strip(d_n, gate + 2 * units, count);
      store_strip(d_n * r, gate + 3 * units, count);
      if constexpr (has_memory) {
        store_strip(d_h * z, d_memory + at, count);
      } else {
        store_strip(load_strip<V>(d_output_before + at, count) + d_h * z, d_output_before + at,
                    count);
      }
    });
  }

  template <Real S>
  void gather_bias(const S* bias, S* net_bias, Index units) const {
    if (this->bias_columns == 0) {
      for (Index i = 0; i < 4 * units; ++i) net_bias[i] = S(0);
      return;
    }
    const S* const hidden = bias + 3 * units;
    for (Index i = 0; i < 2 * units; ++i) net_bias[i] = bias[i] + hidden[i];
    for (Index i = 0; i < units; ++i) {
      net_bias[2 * units + i] = bias[2 * units + i];
      net_bias[3 * units + i] = hidden[2 * units + i];
    }
  }
  template <Real S>
  void scatter_bias(const S* d_net_bias, S* d_bias, Index units) const {
    for (Index i = 0; i < 3 * units; ++i) d_bias[i] = d_net_bias[i];
    S* const hidden = d_bias + 3 * units;
    for (Index i = 0; i < 2 * units; ++i) hidden[i] = d_net_bias[i];
    for (Index i = 0; i < units; ++i) hidden[2 * units + i] = d_net_bias[3 * units + i];
  }

  /// Of i_n and h_n, the slope of n.
  template <Real S>
  void gate_slopes(const S* net, S* slopes, Index units, Index n) const {
    for (Index c = 0; c < n; ++c, net += 4 * units, slopes += 4 * units) {
      transform_into(slopes, 2 * units, detail::SigmoidSlope{}, net);
      for (const Index gate : {2, 3}) {
        transform_into(
            slopes + gate * units, units,
            [](const auto& r, const auto& i_n, const auto& h_n) {
              return detail::TanhSlope{}(i_n + sigmoid(r) * h_n);
            },
            net, net + 2 * units, net + 3 * units);
      }
    }
  }
};

template <Index Units, class... Options>
inline constexpr bool outputs_probabilities<Gru<Units, Options...>> = false;

BACKFOLD_END_NAMESPACE
