// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/rtrl/tangent_shape.hpp"
#include "backfold/network/pass.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Immediate Jacobian of layer L: ∂net/∂(weights and biases of the layer) at a step, at constant
/// past. ∂net_i/∂w_ij is the source's output x_j; for the bias it is 1, or given by the layer's
/// gather_bias.
template <class Net, int L>
class ImmediateJacobian {
 public:
  using S = typename Net::Scalar;
  using P = Pass<Net, 1>;
  using Arch = typename Net::ArchitectureType;
  using Type = typename P::template LayerType<L>;
  using Shape = TangentShape<Arch, L>;

  /// Size of the scratch of `gathered`.
  static Size scratch_size(const Arch& architecture) {
    if constexpr (bias_is_net_bias<Type> || Type::bias_columns == 0) {
      return 0;
    } else {
      return Size(bias_count(architecture)) + Shape::net_rows(architecture);
    }
  }

  ImmediateJacobian(const P& pass, S* scratch) : pass_(pass), scratch_(scratch) {}

  /// The factor of the weight in row i and column j of connection C.
  template <int C>
  [[nodiscard]] S factor(Index i, Index j) const {
    constexpr Connection connection = Type::connections[C];
    const auto x = pass_.template output<connection.source_of(L)>(-connection.delay);
    if constexpr (connection.weights == Weights::Lookup) {
      return S(x(0, 0) == static_cast<S>(j));
    } else {
      return x(connection.is_one_to_one() ? i : j, 0);
    }
  }

  /// ∂net ← ∂net + its derivatives with respect to the weights of a part of connection C, times φ'
  /// if folded.
  template <int C, int Gates>
  void add_weights(const Part& part, [[maybe_unused]] const S* slope, S* net) const {
    const Arch& architecture = pass_.architecture();
    const Index units = pass_.template units<L>();
    const Index rows = Shape::net_rows(architecture);
    const Index block_rows = architecture.template block_rows<L>();
    const Index first = architecture.template weights_offset<L, C>();
    const Index fan_in = architecture.template fan_in<L, C>();
    for (Index j = 0; j < fan_in; ++j) {
      const Index column = first + j * block_rows + part.weight_gate * units;
      for (Index i = 0; i < Gates * units; ++i) {
        const S x = factor<C>(i % units, j);
        net[(column + i) * rows + part.net_gate * units + i] +=
            Shape::folds_slope ? slope[i] * x : x;
      }
    }
  }

  /// ∂net ← ∂net + its derivatives with respect to the biases.
  void add_biases([[maybe_unused]] const S* slope, [[maybe_unused]] S* net) const {
    const Index rows = Shape::net_rows(pass_.architecture());
    [[maybe_unused]] const Index first = pass_.architecture().template bias_offset<L>();
    if constexpr (bias_is_net_bias<Type>) {
      for (Index i = 0; i < rows; ++i) {
        net[(first + i) * rows + i] += Shape::folds_slope ? slope[i] : S(1);
      }
    } else if constexpr (Type::bias_columns > 0) {
      for (Index q = 0; q < bias_count(pass_.architecture()); ++q) {
        const S* const net_bias = gathered(q, 1);
        for (Index i = 0; i < rows; ++i) {
          net[(first + q) * rows + i] += Shape::folds_slope ? slope[i] * net_bias[i] : net_bias[i];
        }
      }
    }
  }

  /// The bias of each net input if the layer's biases q..q+count−1 are 1, the others 0.
  [[nodiscard]] const S* gathered(Index q, Index count) const {
    const Index biases = bias_count(pass_.architecture());
    S* const net_bias = scratch_ + biases;
    for (Index i = 0; i < biases; ++i) scratch_[i] = S(i >= q && i < q + count);
    pass_.architecture().template layer<L>().gather_bias(static_cast<const S*>(scratch_), net_bias,
                                                         pass_.template units<L>());
    return net_bias;
  }

 private:
  static Index bias_count(const Arch& architecture) {
    return architecture.template own_offset<L>() - architecture.template bias_offset<L>();
  }

  const P& pass_;
  S* scratch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
