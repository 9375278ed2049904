// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/rtrl/immediate_jacobian.hpp"
#include "backfold/gradient/rtrl/step_jacobian.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Advances the self-tangent of layer L by a step. For each parameter in row i of the layer's
/// block, ∂x_i is its immediate derivative plus ∂x_i/∂(past of unit i) times the self-tangent of
/// that past.
template <class Net, int L>
class SelfTangent {
 public:
  using S = typename Net::Scalar;
  using P = Pass<Net, 1>;
  using Arch = typename Net::ArchitectureType;
  using Type = typename P::template LayerType<L>;
  using Shape = TangentShape<Arch, L>;
  static constexpr int connection_count = Arch::template connection_count<L>;

  /// Size of the scratch for the derivatives of units with respect to their own outputs, through a
  /// connection.
  static Size scratch_size(const Arch& architecture) {
    return Shape::has_self_tangent && !fuses_activation<Type>
               ? Size(architecture.template units<L>())
               : Size(0);
  }

  SelfTangent(const P& pass, const Tangents<Net>& tangents,
              const ImmediateJacobian<Net, L>& immediate, S* scratch)
      : pass_(pass),
        tangents_(tangents),
        immediate_(immediate),
        units_(pass.template units<L>()),
        scratch_(scratch) {}

  /// Advances the output's tangent of a layer with an elementwise φ: φ'·(immediate + Σ u ∂x(t −
  /// d)).
  void advance(const S* slope, const MatrixView<S>& to) const requires(Shape::folds_slope) {
    S* p = to.data();
    for_each_index<connection_count>([&](auto c) {
      for (Index j = 0; j < pass_.architecture().template fan_in<L, c()>(); ++j) {
        for (Index i = 0; i < units_; ++i) *p++ = immediate_.template factor<c()>(i, j);
      }
    });
    for (Index i = 0; i < units_ * Type::bias_columns; ++i) *p++ = S(1);
    clear_start(p);
    for_each_index<connection_count>([&](auto c) {
      constexpr Connection connection = Type::connections[c()];
      if constexpr (connection.source_of(L) == L) {
        const auto before = tangents_.template output<L>(connection.delay).self();
        if constexpr (connection.weights == Weights::Identity) {
          diagonal_affine(AllOnes{}, before, to, StartAtOutput{}, Unchanged{});
        } else {
          diagonal_affine(pass_.template weights<L, c()>().data(), before, to, StartAtOutput{},
                          Unchanged{});
        }
      }
    });
    diagonal_affine(slope, ConstMatrixView<S>(to), to, StartAtZero{}, Unchanged{});
  }

  /// Advances the tangent of the output or memory of a layer with its own steps, from its
  /// Jacobians.
  void advance(const StepJacobian<Net, L>& by, const MatrixView<S>& to) const {
    set_immediate(by, to.data());
    auto add = [&](const S* diagonal, const Tangent<const S>& past) {
      diagonal_affine(diagonal, past.self(), to, StartAtOutput{}, Unchanged{});
    };
    if constexpr (StepJacobian<Net, L>::has_previous) {
      add(by.by_previous(), tangents_.template output<L>(1));
    }
    if constexpr (has_memory<Type>()) add(by.by_memory(), tangents_.template memory<L>(1));
    for_each_index<connection_count>([&](auto c) {
      constexpr Connection connection = Type::connections[c()];
      if constexpr (connection.source_of(L) == L) {
        set_slopes_by_output<c()>(by);
        add(scratch_, tangents_.template output<L>(connection.delay));
      }
    });
  }

 private:
  static constexpr int gates = weight_gates<Type>();

  /// ∂x_i with respect to the parameters of row i of each gate, at constant past.
  void set_immediate(const StepJacobian<Net, L>& by, S* to) const {
    for_each_index<connection_count>([&](auto c) {
      for (Index j = 0; j < pass_.architecture().template fan_in<L, c()>(); ++j) {
        for (int g = 0; g < gates; ++g) {
          for (Index i = 0; i < units_; ++i) {
            *to++ = slope_by_row(by, c(), g, i) * immediate_.template factor<c()>(i, j);
          }
        }
      }
    });
    for (int g = 0; g < gates * Type::bias_columns; ++g, to += units_) set_biases(by, g, to);
    copy_numbers(by.by_own(), to, by.own_count());
    clear_start(to + by.own_count());
  }

  /// A step does not read the learnt start, except through the past.
  void clear_start([[maybe_unused]] S* to) const {
    constexpr int columns = Net::Graph::start_columns(L);
    for (Index i = 0; i < columns * units_; ++i) to[i] = S(0);
  }

  /// ∂x_i/∂x_i(t − d) through connection C alone.
  template <int C>
  void set_slopes_by_output(const StepJacobian<Net, L>& by) const {
    constexpr bool has_weights = Type::connections[C].weights != Weights::Identity;
    const S* const w = pass_.template weights<L, C>().data();
    for (Index i = 0; i < units_; ++i) {
      S sum(0);
      for (int g = 0; g < gates; ++g) {
        sum += slope_by_row(by, C, g, i) * (has_weights ? w[g * units_ + i] : S(1));
      }
      scratch_[i] = sum;
    }
  }

  /// ∂x_i with respect to the net inputs of unit i in the gates to which row i of weight gate g of
  /// connection c is mapped.
  [[nodiscard]] S slope_by_row(const StepJacobian<Net, L>& by, int c, int g, Index i) const {
    S sum(0);
    for (const Part& part : parts<Type>(c)) {
      const int within = g - part.weight_gate;
      if (within >= 0 && within < part.gates) {
        sum += by.by_net()[(part.net_gate + within) * units_ + i];
      }
    }
    return sum;
  }

  /// ∂x_i with respect to number i of gate g of the bias columns, for all units.
  void set_biases([[maybe_unused]] const StepJacobian<Net, L>& by, [[maybe_unused]] int g,
                  [[maybe_unused]] S* to) const {
    if constexpr (bias_is_net_bias<Type>) {
      copy_numbers(by.by_net() + g * units_, to, units_);
    } else if constexpr (Type::bias_columns > 0) {
      const S* const net_bias = immediate_.gathered(g * units_, units_);
      for (Index i = 0; i < units_; ++i) {
        to[i] = S(0);
        for (int k = 0; k < net_gates<Type>(); ++k) {
          to[i] += by.by_net()[k * units_ + i] * net_bias[k * units_ + i];
        }
      }
    }
  }

  const P& pass_;
  const Tangents<Net>& tangents_;
  const ImmediateJacobian<Net, L>& immediate_;
  Index units_;
  S* scratch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
