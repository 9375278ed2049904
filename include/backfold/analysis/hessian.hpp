// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/dual_pass.hpp"
#include "backfold/gradient/evaluate.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// delta ← ∂E/∂net of one sample (∂E/∂output for a layer that fuses no activation), times scale:
/// the derivative part of `output_error` and `masked_error`.
///
/// @param own_weight the weight of each target, 0 where it is missing
template <class L, class A, class D, class Weight>
void dual_output_delta(const L& loss, const A& activation, const D* net, const D* y, const D* z,
                       Index units, double scale, const Weight& own_weight, D* delta) {
  using V = Lanes<D>;
  auto of_unit = [&](Index i, const auto& derivative) {
    const double weight = own_weight(i);
    delta[i] = weight == 0 ? D(0) : (V(D(scale * weight)) * derivative()).first();
  };
  if constexpr (column_form<L, A>() && has_net_input_form<L, A>) {
    FromNetInput<L, A>::column_delta(y, z, units, D(scale * own_weight(0)), delta);
  } else if constexpr (has_net_input_form<L, A>) {
    for (Index i = 0; i < units; ++i) {
      of_unit(i, [&] {
        return FromNetInput<L, A>::delta(loss, activation, V(net[i]), V(y[i]), V(z[i]));
      });
    }
  } else {
    if constexpr (sums_targets<L>) {
      target_derivatives(
          loss, y, z, units / outputs_per_target<L>,
          [&](Index i) { return D(scale * own_weight(i)); }, delta);
    } else if constexpr (ColumnLoss<L>) {
      loss.column_derivative(y, z, units, D(scale * own_weight(0)), delta);
    } else {
      for (Index i = 0; i < units; ++i) {
        of_unit(i, [&] { return loss.derivative(V(y[i]), V(z[i])); });
      }
    }
    multiply_by_derivative<Dynamic>(activation, net, y, delta, units, 1);
  }
}

}  // namespace detail

/// Exact products of the Hessian H = ∂²E/∂w² with vectors, without making H:
///
///     H v = d/dε ∇E(w + εv) at ε = 0,
///
/// by one pass forward and back in numbers that carry their derivative along v. Any topology,
/// through time too, with every layer, activation and loss of the library; those of your own must
/// be templates on their scalar. Where φ or the loss has a kink, the derivative is that of the side
/// taken. Layers act as in inference.
///
/// The pass uses plain loops, so that it suits networks of up to some thousand parameters. It
/// allocates nothing once it has the size of the data.
///
///     bf::HessianProduct<Net> product(net, batch, steps);
///     product(net, loss, data, v, Hv);
///     product.gradient(g);                            // ∇E came with it
///
/// Source: Pearlmutter, Fast exact multiplication by the Hessian (1994).
template <class Net>
class HessianProduct {
 public:
  using S = typename Net::Scalar;

  /// Allocates all it needs for so many sequences of so many steps.
  explicit HessianProduct(const Net& net, Index batch = 1, Index steps = 1) {
    pass_.shape(net.architecture(), batch, steps);
    reserve(net.outputs(), batch * steps);
  }

  /// Hv ← H v.
  ///
  /// @param data samples or sequences, with weights, lengths and missing targets as in `gradient`
  /// @param v as long as w, @param product gets that length; may be v
  /// @throws std::invalid_argument for data that do not fit, or with initial_states or resets
  template <class L>
  void operator()(const Net& net, const L& loss, const Sequences<S>& data, const Vector<S>& v,
                  Vector<S>& product, Reduction reduction = Reduction::Sum) {
    static_assert(!detail::MakesPass<L>,
                  "backfold: a HessianProduct takes losses over a plain pass, not a ClosedLoop");
    if constexpr (!detail::MakesPass<L>) {
      detail::check_network_and_data<L>(net, data);
      if (data.initial_states.rows() != 0) {
        fail_argument("hessian: the data have initial_states, which it does not take");
      }
      if (!data.resets.empty()) {
        fail_argument("hessian: expected sequences without resets");
      }
      if (v.size() != net.parameter_count()) {
        fail_argument("hessian: the vector has ", v.size(), " numbers, the network ",
                      net.parameter_count(), " parameters");
      }
      const auto& architecture = net.architecture();
      pass_.shape(architecture, data.batch(), data.steps);
      pass_.set_parameters(net.parameters().data(), v.data());
      set_inputs(net, data);
      pass_.forward(architecture);
      set_output_delta(net, loss, data, reduction);
      pass_.backward(architecture);
      product.resize(v.size());
      for (Index i = 0; i < product.size(); ++i) product[i] = pass_.gradient()[i].tangent;
    }
  }

  /// ∇E of the last product.
  void gradient(Vector<S>& g) const {
    g.resize(static_cast<Index>(pass_.parameter_count()));
    for (Index i = 0; i < g.size(); ++i) g[i] = pass_.gradient()[i].value;
  }

 private:
  using D = detail::Dual<S>;

  void reserve(Index targets, Index columns) {
    if (targets > static_cast<Index>(target_.size())) {
      target_.resize(static_cast<std::size_t>(targets));
    }
    if (columns > weights_.size()) weights_.resize(columns);
  }

  /// Zeros after the ends of sequences: padding may be anything.
  void set_inputs(const Net& net, const Sequences<S>& data) {
    D* to = pass_.template output<0>(net.architecture());
    for (Index c = 0; c < data.inputs.cols(); ++c) {
      const bool ended =
          data.lengths != nullptr && c / data.batch() >= data.lengths[c % data.batch()];
      for (Index i = 0; i < net.inputs(); ++i) *to++ = ended ? D(0) : D(data.inputs(i, c));
    }
  }

  template <class L>
  void set_output_delta(const Net& net, const L& loss, const Sequences<S>& data,
                        Reduction reduction) {
    constexpr int layer = Net::output_layer;
    const auto& architecture = net.architecture();
    const auto& activation = detail::output_activation(architecture.template layer<layer>());
    const Index units = net.outputs();
    reserve(units, pass_.columns());
    const Index count = detail::weigh_columns(data, weights_.data());
    const double scale = detail::ScaleBy{reduction}(count);
    const auto mask = data.mask();
    for (Index c = 0; c < pass_.columns(); ++c) {
      const Index at = c * units;
      D* const delta = pass_.output_delta() + at;
      std::fill_n(delta, units, D(0));
      if (weights_[c] == S(0)) continue;
      const Index column = data.targets_at == TargetsAt::LastStep ? c % pass_.batch() : c;
      auto own_weight = [&](Index i) {
        return static_cast<double>(mask.weight(data.targets(i, column), i, column));
      };
      for (Index i = 0; i < data.targets.rows(); ++i) {
        target_[static_cast<std::size_t>(i)] =
            own_weight(i) == 0 ? D(0) : D(data.targets(i, column));
      }
      const D* net_input = nullptr;
      if constexpr (detail::fuses_activation<
                        typename Net::ArchitectureType::template LayerType<layer>>) {
        net_input = pass_.template net<layer>(architecture) + at;
      }
      detail::dual_output_delta(loss, activation, net_input,
                                pass_.template output<layer>(architecture) + at, target_.data(),
                                units, scale * static_cast<double>(weights_[c]), own_weight, delta);
    }
  }

  detail::DualPass<Net> pass_;
  std::vector<D> target_;
  Vector<S> weights_;
};

/// H v of a network's error over data, once: see HessianProduct.
template <class Net, class L>
void hessian_vector(const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
                    const Vector<typename Net::Scalar>& v, Vector<typename Net::Scalar>& product,
                    Reduction reduction = Reduction::Sum) {
  HessianProduct<Net>(net, data.batch(), data.steps)(net, loss, data, v, product, reduction);
}

/// The Hessian H = ∂²E/∂w² of a network's error over data, column by column: P products for P
/// parameters.
///
///     const Eigen::MatrixXd H = bf::hessian(net, loss, data);
///     Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> of_error(H);   // signs: minimum or saddle
///
/// @return P × P, symmetric
/// @throws std::invalid_argument for data that do not fit, or with initial_states or resets
template <class Net, class L>
[[nodiscard]] Matrix<typename Net::Scalar> hessian(const Net& net, const L& loss,
                                                   const Sequences<typename Net::Scalar>& data,
                                                   Reduction reduction = Reduction::Sum) {
  using S = typename Net::Scalar;
  HessianProduct<Net> product(net, data.batch(), data.steps);
  const Index n = net.parameter_count();
  Matrix<S> result(n, n);
  Vector<S> column;
  for (Index j = 0; j < n; ++j) {
    product(net, loss, data, Vector<S>::Unit(n, j), column, reduction);
    result.col(j) = column;
  }
  // Rounding differs between the halves.
  return (result + result.transpose()) / S(2);
}

BACKFOLD_END_NAMESPACE
