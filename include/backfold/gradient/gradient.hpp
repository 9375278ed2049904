// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/evaluate.hpp"
#include "backfold/gradient/gradient_target.hpp"
#include "backfold/network/history.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// E(w) of a network over data: Σ over samples and steps, or their mean.
///
/// Runs the forward pass that `gradient` runs, so that the two cannot disagree. Allocates nothing
/// once the workspace has its size, unless the data are stored in the workspace: then they are
/// copied.
///
///     loss_of(net, loss, data, workspace, {.reduction = Reduction::Mean, .initial = &state})
///
/// @throws std::invalid_argument for data or states of wrong sizes
template <class Net, class L, Index Batch>
double loss_of(const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
               Workspace<Net, Batch>& workspace,
               const std::type_identity_t<PassOptions<Net, Batch>>& options = {}) {
  detail::check_network_and_data<L>(net, data);
  detail::check_one_initial(options, data);
  detail::check_no_initial_gradient(options);
  const detail::DataApart<typename Net::Scalar> apart(data, workspace);
  return detail::evaluate<Purpose::Forward>(
      net.architecture(), detail::parameters_of(net, options), loss, apart,
      detail::ScaleBy{options.reduction}, workspace, options.initial, options.final,
      static_cast<typename Net::Scalar*>(nullptr), options.pass());
}

/// Former name of loss_of.
template <class Net, class L, Index Batch>
[[deprecated("backfold: error is now named loss_of")]] double error(
    const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
    Workspace<Net, Batch>& workspace,
    const std::type_identity_t<PassOptions<Net, Batch>>& options) {
  return loss_of(net, loss, data, workspace, options);
}
template <class Net, class L, Index Batch>
[[deprecated("backfold: error is now named loss_of")]] double error(
    const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
    Workspace<Net, Batch>& workspace, Reduction reduction = Reduction::Sum,
    const std::type_identity_t<State<Net, Batch>>* initial = nullptr,
    std::type_identity_t<State<Net, Batch>>* final = nullptr) {
  return loss_of(
      net, loss, data, workspace,
      PassOptions<Net, Batch>{.reduction = reduction, .initial = initial, .final = final});
}

/// E(w) and its gradient ∇E(w), by backpropagation (through time):
///
///     δ_j^t = φ'(net_j^t) Σ w_jk δ_k^(t+d) over the connections out of j, to k with delay d,
///     ∂E/∂w_ij = Σ_t x_i^(t−d) δ_j^t;  δ is 0 after the last step.
///
/// Layers outside loops are computed by one product over all steps. Allocates nothing once
/// workspace and gradient have their sizes.
///
/// Source: Rumelhart, Hinton & Williams, Learning representations by back-propagating errors
/// (1986); Werbos, Backpropagation through time (1990).
///
///     gradient(net, loss, data, workspace, g, {.mode = Mode::Training, .noise = {.seed = 7}})
///
/// At another w, into a column of a matrix:
///
///     gradient(net, loss, data, workspace, G.col(i), {.parameters = w})
///
/// @param gradient overwritten: a vector, which is resized to the length of w, or a contiguous view
/// of this length (a Map, a column, part of an optimizer's buffer)
/// @return E
/// @throws std::invalid_argument for data, states or parameters of wrong sizes, and for a gradient
/// that cannot have the length of w or overlaps the data or the network
template <class Net, class L, Index Batch, class G>
double gradient(const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
                Workspace<Net, Batch>& workspace, G&& gradient,
                const std::type_identity_t<PassOptions<Net, Batch>>& options = {}) {
  detail::check_network_and_data<L>(net, data);
  detail::check_one_initial(options, data);
  detail::check_no_initial_gradient(options);
  const auto* const w = detail::parameters_of(net, options);
  auto* const target = detail::gradient_target(net, data, w, gradient);
  const detail::DataApart<typename Net::Scalar> apart(data, workspace);
  return detail::evaluate<Purpose::Gradient>(
      net.architecture(), w, loss, apart, detail::ScaleBy{options.reduction}, workspace,
      options.initial, options.final, target, options.pass());
}
/// Overloads with a reduction, and states, as separate arguments.
template <class Net, class L, Index Batch, class G>
double gradient(const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
                Workspace<Net, Batch>& workspace, G&& g, Reduction reduction,
                const std::type_identity_t<State<Net, Batch>>* initial = nullptr,
                std::type_identity_t<State<Net, Batch>>* final = nullptr) {
  return gradient(
      net, loss, data, workspace, g,
      PassOptions<Net, Batch>{.reduction = reduction, .initial = initial, .final = final});
}

/// `gradient` with ∂E/∂X, and ∂E/∂(state before the first step) in the options' d_initial.
///
///     gradient_with_inputs(net, loss, data, workspace, g, dX,
///                          {.initial = &state, .d_initial = &d_state})
///
/// @param d_inputs inputs × columns of the data, overwritten; may be the matrix of the inputs
/// @return E
/// @throws std::invalid_argument for data or states of wrong sizes
template <class Net, class L, Index Batch, class G, class D>
double gradient_with_inputs(const Net& net, const L& loss,
                            const Sequences<typename Net::Scalar>& data,
                            Workspace<Net, Batch>& workspace, G&& gradient,
                            Eigen::PlainObjectBase<D>& d_inputs,
                            const std::type_identity_t<PassOptions<Net, Batch>>& options = {}) {
  using S = typename Net::Scalar;
  static_assert(std::is_same_v<typename D::Scalar, S>,
                "backfold: d_inputs has another scalar than the network");
  detail::check_network_and_data<L>(net, data);
  detail::check_one_initial(options, data);
  if constexpr (Net::Graph::is_recurrent) {
    if (options.d_initial != nullptr) {
      options.d_initial->check_fits(net.architecture(), data.batch());
    }
  }
  const Index rows = data.inputs.rows();
  const Index cols = data.inputs.cols();
  constexpr Index fixed_rows = Net::ArchitectureType::template units_at_compile_time<0>;
  detail::check_result<fixed_rows, Dynamic>("d_inputs", d_inputs, rows, cols);
  const S* const w = detail::parameters_of(net, options);
  S* const target = detail::gradient_target(net, data, w, gradient);
  const ConstMatrixView<S> result(d_inputs.data(), d_inputs.size(), 1);
  const Index n = net.parameter_count();
  if (result.overlaps(target, n) || result.overlaps(w, n) ||
      result.overlaps(net.parameters().data(), n)) {
    fail_argument("d_inputs: it lies in the gradient or in the network's parameters");
  }
  const detail::DataApart<S> apart(data, workspace);
  const double error = detail::evaluate<Purpose::InputGradient>(
      net.architecture(), w, loss, apart, detail::ScaleBy{options.reduction}, workspace,
      options.initial, options.final, target, options.pass());
  const detail::Pass<Net, Batch> pass(net.architecture(), w, workspace);
  // Assigned, since the caller's matrix may be row-major, and after the pass, since it may be the
  // matrix of the inputs.
  d_inputs.resize(rows, cols);
  d_inputs.derived().matrix() = Eigen::Map<const Matrix<S>>(pass.template delta<0>(), rows, cols);
  if constexpr (Net::Graph::is_recurrent) {
    if (options.d_initial != nullptr) detail::get_history_gradient(pass, *options.d_initial);
  }
  return error;
}

/// Overload with the former arguments.
template <class Net, class L, Index Batch, class G, class D>
[[deprecated("backfold: gradient_with_inputs takes options by name")]] double gradient_with_inputs(
    const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
    Workspace<Net, Batch>& workspace, G&& gradient, Eigen::PlainObjectBase<D>& d_inputs,
    Reduction reduction, const std::type_identity_t<State<Net, Batch>>* initial = nullptr,
    std::type_identity_t<State<Net, Batch>>* d_initial = nullptr) {
  return gradient_with_inputs(
      net, loss, data, workspace, gradient, d_inputs,
      PassOptions<Net, Batch>{.reduction = reduction, .initial = initial, .d_initial = d_initial});
}

BACKFOLD_END_NAMESPACE
