// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/rtrl/activation_jacobian.hpp"
#include "backfold/gradient/rtrl/dynamics_jacobian.hpp"
#include "backfold/gradient/rtrl/self_tangent.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Scratch for each piece of a layer's step.
template <class Number>
struct TangentScratchOf {
  Number net;        ///< ∂net
  Number weights;    ///< of the dynamics Jacobian
  Number immediate;  ///< of the immediate Jacobian
  Number local;      ///< of the Jacobian of φ or of the layer's own step
  Number self;       ///< of the self-tangent
  Number product;    ///< of the products
};

/// Scratch shared by the layers, which use it one after the other.
template <Real S>
using TangentScratch = TangentScratchOf<Vector<S>>;

/// Forward-mode differentiation of one step of layer L with respect to all parameters: ∂net = Σ W
/// ∂x of the sources + the immediate Jacobian, ∂x = (∂x/∂net)·∂net. A layer with its own steps also
/// depends on its previous output and memory.
template <class Net, int L>
class LayerTangent {
 public:
  using S = typename Net::Scalar;
  using P = Pass<Net, 1>;
  using Arch = typename Net::ArchitectureType;
  using Type = typename P::template LayerType<L>;
  using Shape = TangentShape<Arch, L>;
  using Immediate = ImmediateJacobian<Net, L>;
  using Dynamics = DynamicsJacobian<Net, L>;
  using Self = SelfTangent<Net, L>;
  using Local =
      std::conditional_t<fuses_activation<Type>, ActivationJacobian<Net, L>, StepJacobian<Net, L>>;

  static TangentScratchOf<Size> scratch_sizes(const Arch& architecture) {
    const Size net = Size(Shape::net_rows(architecture)) * Shape::columns(architecture);
    return {.net = Shape::folds_slope ? Size(0) : net,
            .weights = Dynamics::scratch_size(architecture),
            .immediate = Immediate::scratch_size(architecture),
            .local = Local::scratch_size(architecture),
            .self = Self::scratch_size(architecture),
            .product = (std::max)(Dynamics::product_scratch_size(architecture),
                                  Local::product_scratch_size(architecture))};
  }

  LayerTangent(const P& pass, Tangents<Net>& tangents, TangentScratch<S>& scratch)
      : pass_(pass), tangents_(tangents), scratch_(scratch) {}

  /// Sets the tangents of the layer's output and memory now.
  void advance() const {
    const Immediate immediate(pass_, scratch_.immediate.data());
    const Local local(pass_, scratch_.local.data(), scratch_.product.data());
    const Self self(pass_, tangents_, immediate, scratch_.self.data());
    const Tangent<S> to = tangents_.template output<L>(0);
    if constexpr (Shape::folds_slope) {
      const S* const slope = local.slopes();
      set_net(immediate, slope, to.data);
      if constexpr (Shape::has_self_tangent) self.advance(slope, to.self());
    } else {
      S* const net = scratch_.net.data();
      set_net(immediate, nullptr, net);
      if constexpr (fuses_activation<Type>) {
        local.multiply(net, to.matrix());
      } else {
        through_step(local, self, StepResult::Output, net, to);
        if constexpr (has_memory<Type>()) {
          through_step(local, self, StepResult::Memory, net, tangents_.template memory<L>(0));
        }
      }
    }
  }

 private:
  /// ∂net, times φ' if that is folded into the weights.
  void set_net(const Immediate& immediate, const S* slope, S* net) const {
    const Dynamics dynamics(pass_, slope, scratch_.weights.data(), scratch_.product.data());
    const Index rows = Shape::net_rows(pass_.architecture());
    const Index columns = Shape::columns(pass_.architecture());
    constexpr int start = Dynamics::starting_connection;
    if constexpr (start >= 0) {
      dynamics.template multiply<start, net_gates<Type>(), StartAtZero>(parts<Type>(start)[0],
                                                                        tangents_, net, columns);
    } else {
      for (Index i = 0; i < rows * columns; ++i) net[i] = S(0);
    }
    for_each_index<Arch::template connection_count<L>>([&](auto c) {
      constexpr auto part_list = parts<Type>(c());
      for_each_index<part_list.size()>([&](auto p) {
        constexpr Part part = part_list[p()];
        if constexpr (Dynamics::template is_felt<c()> && c() != start) {
          dynamics.template multiply<c(), part.gates, StartAtOutput>(part, tangents_, net, columns);
        }
        if constexpr (!Shape::has_self_tangent) {
          immediate.template add_weights<c(), part.gates>(part, slope, net);
        }
      });
    });
    if constexpr (!Shape::has_self_tangent) immediate.add_biases(slope, net);
  }

  /// Tangent of one result of the layer's own step.
  void through_step(const Local& local, [[maybe_unused]] const Self& self, StepResult of,
                    const S* net, const Tangent<S>& to) const {
    local.evaluate(of);
    local.multiply(net, tangents_, to.matrix());
    if constexpr (Shape::has_self_tangent) {
      self.advance(local, to.self());
    } else {
      local.add_own(to.data);
    }
  }

  const P& pass_;
  Tangents<Net>& tangents_;
  TangentScratch<S>& scratch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
