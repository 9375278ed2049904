// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/unit_symmetry.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/layer/cell.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Initial bias of the forget gates: with 1 or more, memories persist before training. Source:
/// Gers, Schmidhuber & Cummins, Learning to forget (2000).
struct ForgetBias {
  double value = 1;
};

/// Long short-term memory: with net = W x^t + U h^(t−1) + b in four gates i, f, g, o,
///
///     i = sig(net_i), f = sig(net_f), g = tanh(net_g), o = sig(net_o),
///     c^t = f·c^(t−1) + i·g,  h^t = o·tanh(c^t),
///
/// and backward, with d_h = ∂E/∂h^t and d_c = ∂E/∂c^t + d_h·o·(1 − tanh²(c^t)),
///
///     δ_i = d_c·g·i·(1 − i),  δ_f = d_c·c^(t−1)·f·(1 − f),  δ_g = d_c·i·(1 − g²),
///     δ_o = d_h·tanh(c^t)·o·(1 − o),  ∂E/∂c^(t−1) = d_c·f.
///
/// Its block of the parameters is [W_ih | W_hh | b_ih | b_hh] with 4·units rows, gates in PyTorch's
/// order i, f, g, o, so weights can be exchanged with torch.nn.LSTM. Options as for Dense.
///
///     Lstm<32>(ForgetBias{1}), Lstm<Dynamic>(32, ForgetBias{1})
///
/// `initialize` adds the ForgetBias to the forget gates' bias; without one it adds 0.
///
/// Source: Hochreiter & Schmidhuber, Long short-term memory (1997), with the forget gate of Gers,
/// Schmidhuber & Cummins (2000). Differs: no peepholes, as in PyTorch.
template <Index Units, class... Options>
class Lstm : public detail::CellLayer<Units, Options...> {
 public:
  static constexpr const char* name = "Lstm";
  static constexpr auto unit_symmetry = UnitSymmetry::Exchange;
  static constexpr int net_gates = 4;
  static constexpr int weight_gates = 4;
  static constexpr bool units_are_independent = true;
  static constexpr bool has_memory = true;
  template <Index OtherUnits>
  using Resized = Lstm<OtherUnits, Options...>;
  template <class Map>
  using WithOptions = Lstm<Units, typename Map::template Type<Options>...>;

  static constexpr PartList parts(int) { return {{{0, 0, 4}}, 1}; }

  using detail::CellLayer<Units, Options...>::CellLayer;
  constexpr Lstm() = default;
  /// @throws std::invalid_argument unless the bias is finite
  constexpr explicit Lstm(ForgetBias bias) requires(Units != Dynamic) : Lstm(Units, bias) {}
  constexpr Lstm(Index units, ForgetBias bias)
      : detail::CellLayer<Units, Options...>(units), forget_bias_(bias.value) {
    static_assert(Lstm::bias_columns > 0, "backfold: a forget gate's bias needs a layer with bias");
    if (!is_finite(bias.value)) fail_argument("ForgetBias: must be finite, got ", bias.value);
  }
  template <Index OtherUnits>
  constexpr explicit Lstm(const Lstm<OtherUnits, Options...>& other)
      : detail::CellLayer<Units, Options...>(other.units()), forget_bias_(other.forget_bias()) {}

  [[nodiscard]] constexpr double forget_bias() const { return forget_bias_; }

  /// Adds to b_ih alone, since both biases act as their sum.
  template <Real S>
  void initialise_bias(S* bias, Index units) const {
    if (this->bias_columns == 0) return;
    for (Index i = 0; i < units; ++i) bias[units + i] += static_cast<S>(forget_bias_);
  }

  template <Real S>
  void forward(S* net, const S*, const S* memory_previous, S* output, S* memory, Index units,
               Index n) const {
    using namespace detail;
    using V = Lanes<S>;
    for_cells<S, Units>(units, n, [&](Index column, Index row, auto count) {
      S* const gate = net + 4 * units * column + row;
      const Index at = units * column + row;
      const V i = sigmoid(load_strip<V>(gate, count));
      const V f = sigmoid(load_strip<V>(gate + units, count));
      const V g = tanh(load_strip<V>(gate + 2 * units, count));
      const V o = sigmoid(load_strip<V>(gate + 3 * units, count));
      const V c = f * load_strip<V>(memory_previous + at, count) + i * g;
      store_strip(i, gate, count);
      store_strip(f, gate + units, count);
      store_strip(g, gate + 2 * units, count);
      store_strip(o, gate + 3 * units, count);
      store_strip(c, memory + at, count);
      store_strip(o * tanh(c), output + at, count);
    });
  }

  template <Real S>
  void pull_back(S* net, const S*, const S* memory_previous, const S*, const S* memory,
                 const S* d_output, S* d_memory, S*, Index units, Index n) const {
    using namespace detail;
    using V = Lanes<S>;
    for_cells<S, Units>(units, n, [&](Index column, Index row, auto count) {
      S* const gate = net + 4 * units * column + row;
      const Index at = units * column + row;
      const V i = load_strip<V>(gate, count);
      const V f = load_strip<V>(gate + units, count);
      const V g = load_strip<V>(gate + 2 * units, count);
      const V o = load_strip<V>(gate + 3 * units, count);
      const V tanh_c = tanh(load_strip<V>(memory + at, count));
      const V d_h = load_strip<V>(d_output + at, count);
      const V d_c = load_strip<V>(d_memory + at, count) + d_h * o * (1 - tanh_c * tanh_c);
      store_strip(d_c * g * i * (1 - i), gate, count);
      store_strip(d_c * load_strip<V>(memory_previous + at, count) * f * (1 - f), gate + units,
                  count);
      store_strip(d_c * i * (1 - g * g), gate + 2 * units, count);
      store_strip(d_h * tanh_c * o * (1 - o), gate + 3 * units, count);
      store_strip(d_c * f, d_memory + at, count);
    });
  }

  template <Real S>
  void gather_bias(const S* bias, S* net_bias, Index units) const {
    for (Index i = 0; i < 4 * units; ++i) {
      net_bias[i] = this->bias_columns == 0 ? S(0) : bias[i] + bias[4 * units + i];
    }
  }
  template <Real S>
  void scatter_bias(const S* d_net_bias, S* d_bias, Index units) const {
    for (Index i = 0; i < 4 * units; ++i) d_bias[i] = d_bias[4 * units + i] = d_net_bias[i];
  }

  template <Real S>
  void gate_slopes(const S* net, S* slopes, Index units, Index n) const {
    for (Index k = 0; k < 4 * n; ++k, net += units, slopes += units) {
      if (k % 4 == 2) {
        transform_into(slopes, units, detail::TanhSlope{}, net);
      } else {
        transform_into(slopes, units, detail::SigmoidSlope{}, net);
      }
    }
  }

 private:
  double forget_bias_ = 0;
};

template <Index Units, class... Options>
inline constexpr bool outputs_probabilities<Lstm<Units, Options...>> = false;

BACKFOLD_END_NAMESPACE
