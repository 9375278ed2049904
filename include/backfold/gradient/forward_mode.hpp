// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/step_tangent.hpp"
#include "backfold/network/forward.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Forward-mode differentiation of a completed pass: derivatives of each layer's numbers in a
/// direction v of the parameters, of the input and of the state before the first step.
///
///     ∂net^t = Σ (W ∂x^(t−d) + V x^(t−d)) + v_b,   ∂x^t = (∂x^t/∂net^t) ∂net^t
///
/// A second pass of the same shape stores the tangents, each at the place of its number. The
/// layers' own Jacobians come from their pull-backs: an elementwise φ' needs no transposition, a
/// layer of independent units gives a diagonal, and any other a row for each unit.
template <class P>
class ForwardMode {
 public:
  using S = typename P::S;
  using Arch = typename P::Arch;
  using Graph = typename P::Graph;
  template <int L>
  using LayerType = typename P::template LayerType<L>;

  /// Size of the scratch for a run over `columns` columns.
  static Size scratch_size(const Arch& architecture, Index batch, Index steps) {
    Size size = 0;
    for_each_index<Arch::output_layer>([&](auto l) {
      constexpr int layer = l() + 1;
      if constexpr (fuses_activation<LayerType<layer>>) {
        size = (std::max)(size, Size(architecture.template units<layer>()));
      } else {
        const Size columns = in_time<layer> ? Size(batch) : Size(batch) * steps;
        size = (std::max)(size, StepTangent<P, layer>::scratch_size(architecture, columns));
      }
    });
    return size;
  }

  /// @param v direction in w, or null for none
  ForwardMode(const P& pass, const P& tangent, const S* v, S* scratch)
      : pass_(pass), tangent_(tangent), v_(v), scratch_(scratch) {}

  /// Sets the tangents of all layers after the input. @pre the tangents of the input and of the
  /// state before the first step are set, and the pass still has its net inputs
  void run() const {
    for_each_index<Graph::segment_count>([&](auto s) {
      constexpr Segment segment = Graph::schedule[s()];
      constexpr int count = segment.last - segment.first + 1;
      const Index times = segment.in_time ? pass_.steps() : 1;
      for (Index t = 0; t < times; ++t) {
        for_each_index<count>([&](auto i) { differentiate<segment.first + i()>(t); });
      }
    });
  }

 private:
  template <int L>
  static constexpr bool in_time = Graph::segment_of(L).in_time;

  template <int L>
  [[nodiscard]] Index columns() const {
    return in_time<L> ? pass_.batch() : pass_.columns();
  }

  /// Outputs (or their tangents) of layer L in block t − delay, or in all blocks.
  template <int L, bool InTime>
  static auto outputs(const P& of, Index t, Index delay) {
    if constexpr (InTime) {
      return of.template output<L>(t - delay);
    } else {
      return of.template outputs<L>(delay);
    }
  }

  /// Layer L in block t, or in all blocks.
  template <int L>
  void differentiate(Index t) const {
    start_from_bias<L>(t);
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      constexpr auto part_list = parts<LayerType<L>>(c());
      for_each_index<part_list.size()>([&](auto p) { add_connection<L, c(), p()>(t); });
    });
    if constexpr (!fuses_activation<LayerType<L>>) {
      StepTangent<P, L>(pass_, tangent_, v_, scratch_).run(t, columns<L>());
    } else {
      through_activation<L>(t);
    }
  }

  /// ∂net ← v_b, or 0.
  template <int L>
  void start_from_bias(Index t) const {
    using Type = LayerType<L>;
    const Index rows = net_gates<Type>() * pass_.template units<L>();
    S* const net = tangent_.template net<L>(t);
    const S* bias = nullptr;
    if constexpr (Type::bias_columns > 0) {
      if (v_ != nullptr) bias = v_ + pass_.architecture().template bias_offset<L>();
      if constexpr (!bias_is_net_bias<Type>) {
        if (bias != nullptr) {
          S* const gathered = tangent_.template net_bias<L>();
          pass_.architecture().template layer<L>().gather_bias(bias, gathered,
                                                               pass_.template units<L>());
          bias = gathered;
        }
      }
    }
    for (Index c = 0; c < columns<L>(); ++c) {
      for (Index i = 0; i < rows; ++i) net[c * rows + i] = bias == nullptr ? S(0) : bias[i];
    }
  }

  /// ∂net ← ∂net + W ∂x + V x for a part of connection C.
  template <int L, int C, int PartIndex>
  void add_connection(Index t) const {
    using Type = LayerType<L>;
    constexpr Connection connection = Type::connections[C];
    constexpr int source = connection.source_of(L);
    constexpr Part part = parts<Type>(C)[PartIndex];
    const Index units = pass_.template units<L>();
    const MatrixView<S> net(tangent_.template net<L>(t) + part.net_gate * units, part.gates * units,
                            columns<L>(), net_gates<Type>() * units);
    [[maybe_unused]] const auto direction = [&] {
      return pass_.template weights_in<L, C, part.gates>(v_, part.weight_gate);
    };
    const auto x = outputs<source, in_time<L>>(pass_, t, connection.delay);
    const auto dx = outputs<source, in_time<L>>(tangent_, t, connection.delay);
    if constexpr (connection.weights == Weights::Lookup) {
      if (v_ != nullptr) lookup_affine(direction(), x, net, StartAtOutput{}, Unchanged{});
    } else {
      multiply<connection.weights>(pass_.template weights<L, C, part.gates>(part.weight_gate), dx,
                                   net);
      if (v_ != nullptr && connection.weights != Weights::Identity) {
        multiply<connection.weights>(direction(), x, net);
      }
    }
  }

  /// y ← y + W x
  template <Weights Kind, class W, class X>
  void multiply(const W& w, const X& x, const MatrixView<S>& y) const {
    if constexpr (Kind == Weights::Identity) {
      diagonal_affine(AllOnes{}, x, y, StartAtOutput{}, Unchanged{});
    } else if constexpr (Kind == Weights::Diagonal) {
      diagonal_affine(w.data(), x, y, StartAtOutput{}, Unchanged{});
    } else {
      affine(w, x, y, StartAtOutput{}, Unchanged{}, pass_.scratch());
    }
  }

  /// ∂x ← J ∂net for a layer whose φ products fuse.
  template <int L>
  void through_activation(Index t) const {
    const auto& function = pass_.architecture().template layer<L>().activation();
    using Function = std::remove_cvref_t<decltype(function)>;
    const Index units = pass_.template units<L>();
    const S* const net = tangent_.template net<L>(t);
    const S* const x = pass_.template own_output<L>(t);
    S* const to = tangent_.template own_output<L>(t);
    if constexpr (ElementwiseActivation<Function>) {
      copy_numbers(net, to, units * columns<L>());
      multiply_by_derivative<Dynamic>(function, pass_.template net<L>(t), x, to, units,
                                      columns<L>());
    } else {
      for (Index c = 0; c < columns<L>(); ++c) {
        for (Index j = 0; j < units; ++j) {
          for (Index i = 0; i < units; ++i) scratch_[i] = S(i == j);
          function.multiply_by_derivative(x + c * units, scratch_, units);
          S& sum = to[c * units + j] = S(0);
          for (Index i = 0; i < units; ++i) sum += scratch_[i] * net[c * units + i];
        }
      }
    }
  }

  const P& pass_;
  const P& tangent_;
  const S* v_;
  S* scratch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
