// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/linear.hpp"
#include "backfold/core/long_sum.hpp"
#include "backfold/data/samples.hpp"
#include "backfold/gradient/backward.hpp"
#include "backfold/gradient/gradient_target.hpp"
#include "backfold/gradient/pass_options.hpp"
#include "backfold/loss/masked_error.hpp"
#include "backfold/loss/output_error.hpp"
#include "backfold/network/sequence_ends.hpp"
#include "backfold/network/state.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The activation that the loss sees at the output layer; a cell's output is taken as it is.
template <class Type>
decltype(auto) output_activation(const Type& layer) {
  if constexpr (!fuses_activation<Type>) {
    return Linear{};
  } else {
    return layer.activation();
  }
}

template <class Output, class L>
constexpr bool loss_needs_net() {
  return needs_net<L, std::remove_cvref_t<decltype(output_activation(std::declval<Output>()))>>;
}

/// The weight of each column of outputs, 0 where it has no target; and how many have one.
template <class S>
BACKFOLD_NO_INLINE Index weigh_columns(const Sequences<S>& data, S* weights) {
  const Index batch = data.batch();
  const bool is_masked = data.is_masked();
  const TargetMask<S> mask = data.mask();
  Index count = 0;
  for (Index t = 0; t < data.steps; ++t) {
    for (Index b = 0; b < batch; ++b) {
      const Index length = data.lengths == nullptr ? data.steps : data.lengths[b];
      const bool last_only = data.targets_at == TargetsAt::LastStep;
      S weight(0);
      if (last_only ? t == length - 1 : t < length) {
        const Index c = last_only ? b : t * batch + b;
        weight = data.weights == nullptr ? S(1) : data.weights[data.weight_stride * c];
        if (is_masked && !mask.has_target(data.targets, c)) weight = S(0);
      }
      weights[t * batch + b] = weight;
      count += weight != S(0);
    }
  }
  return count;
}

/// Factor of E and gradient, from the number of columns that have a target.
struct ScaleBy {
  Reduction reduction;
  double operator()(Index targets) const {
    return reduction == Reduction::Mean && targets > 0 ? 1.0 / static_cast<double>(targets) : 1.0;
  }
};

/// The error of a pass whose targets have weights of their own, not scaled, and its delta.
template <bool WithDelta, class P, class L, class A, class S>
BACKFOLD_NO_INLINE double masked_error_of(const P& pass, const L& loss, const A& activation,
                                          const Sequences<S>& data, double scale) {
  constexpr int output = P::Arch::output_layer;
  const Index units = pass.template units<output>();
  const bool last_only = data.targets_at == TargetsAt::LastStep;
  const TargetMask<S> mask = data.mask();
  return sum_in_runs(pass.columns(), [&](Index first, Index columns) {
    double error = 0;
    for (Index c = first; c < first + columns; ++c) {
      const Index column = last_only ? c % pass.batch() : c;
      error += masked_error<WithDelta>(
          loss, activation, pass.template net<output>() + c * units,
          pass.template own_output<output>() + c * units, data.targets.column(column),
          data.targets.rows(), units, mask, column, static_cast<double>(pass.column_weights()[c]),
          scale, WithDelta ? pass.template delta<output>() + c * units : nullptr);
    }
    return error;
  });
}

/// E of a pass that has run forward and, WithDelta, the delta of its output layer.
template <bool WithDelta, class P, class L, class S, class Scale>
BACKFOLD_ALWAYS_INLINE double error_of(const P& pass, const L& loss, const Sequences<S>& data,
                                       const Scale& scale_by) {
  constexpr int output = P::Arch::output_layer;
  constexpr Index rows = P::template fixed_units<output>;
  static_assert(rows == Dynamic || rows % outputs_per_target<L> == 0,
                "backfold: this loss takes several outputs for each target: the output layer needs "
                "a multiple of them");
  const auto& function = output_activation(pass.architecture().template layer<output>());
  const Index units = pass.template units<output>();
  const Index batch = pass.batch();
  const bool plain = data.weights == nullptr && data.lengths == nullptr &&
                     data.targets_at == TargetsAt::EveryStep && !data.is_masked();
  const S* weights = nullptr;
  Index count = pass.columns();
  if (!plain) {
    count = weigh_columns(data, pass.column_weights());
    weights = pass.column_weights();
  }
  const double scale = scale_by(count);
  if (data.is_masked()) {
    return scale * masked_error_of<WithDelta>(pass, loss, function, data, scale);
  }
  const Index stride = data.targets.outerStride();
  if (data.targets_at == TargetsAt::EveryStep) {
    return scale * sum_in_runs<P::all_columns>(
                       pass.columns(), [&](Index first, auto columns) BACKFOLD_INLINE_LAMBDA {
                         const Index at = first * units;
                         return output_error<WithDelta, rows, constant_count<decltype(columns)>>(
                             loss, function, pass.template net<output>() + at,
                             pass.template own_output<output>() + at,
                             data.targets.data() + first * stride, stride, units, columns,
                             weights == nullptr ? nullptr : weights + first, scale,
                             pass.template delta<output>() + at);
                       });
  }
  double error = 0;
  for (Index t = 0; t < pass.steps(); ++t) {
    error += output_error<WithDelta, rows, P::step_columns>(
        loss, function, pass.template net<output>(t), pass.template own_output<output>(t),
        data.targets.data(), stride, units, batch, weights + t * batch, scale,
        pass.template delta<output>(t));
  }
  return scale * error;
}

/// E and, WithGradient, the gradient of a pass whose workspace has its shape.
template <bool WithGradient, bool ToInput, class P, class L, class Scale, class StateType>
BACKFOLD_ALWAYS_INLINE double evaluate_pass(P& pass, const L& loss,
                                            const Sequences<typename P::S>& data,
                                            const Scale& scale, const StateType* initial,
                                            StateType* final, typename P::S* gradient) {
  using Graph = typename P::Graph;
  using Output = typename P::template LayerType<P::Arch::output_layer>;
  if constexpr (Graph::is_recurrent) {
    check_states(pass, initial, static_cast<const StateType*>(final));
    set_history(pass, initial);
  }
  if (Graph::history(0) > 0 || closes_loop<Graph> || data.lengths != nullptr) {
    copy_inputs(data.inputs, data.batch(), data.lengths, pass.template own_output<0>());
    pass.read_own_input();
  }
  forward<loss_needs_net<Output, L>()>(pass);
  const double error = error_of<WithGradient>(pass, loss, data, scale);
  if constexpr (WithGradient && Graph::is_recurrent) {
    if (data.lengths != nullptr) repeat_last_steps(pass, data.lengths);
  }
  if constexpr (WithGradient) Backward(pass, gradient).template run<ToInput>();
  if constexpr (Graph::is_recurrent) {
    if (final != nullptr) get_history(pass, data.lengths, *final);
  }
  return error;
}

/// A loss that runs the passes over its data itself.
template <class L>
concept MakesPass = requires {
  typename L::MakesPass;
};

/// One forward pass and E; WithGradient, one backward pass and the gradient too: the one function
/// of `loss_of` and `gradient`, so that they cannot disagree.
template <bool WithGradient, bool ToInput, class Net, Index Batch, class L, class Scale>
BACKFOLD_ALWAYS_INLINE double evaluate(const typename Net::ArchitectureType& architecture,
                                       const typename Net::Scalar* w, const L& loss,
                                       const Sequences<typename Net::Scalar>& data,
                                       const Scale& scale, Workspace<Net, Batch>& workspace,
                                       const State<Net, Batch>* initial, State<Net, Batch>* final,
                                       typename Net::Scalar* gradient,
                                       const PassSettings& settings = {}) {
  workspace.shape(architecture, data.batch(), data.steps);
  auto run = [&](auto pass, const auto& compared) BACKFOLD_INLINE_LAMBDA {
    return evaluate_pass<WithGradient, ToInput>(pass, compared, data, scale, initial, final,
                                                gradient);
  };
  if constexpr (MakesPass<L>) {
    return run(loss.template pass<Net, Batch>(architecture, w, data, workspace, settings),
               loss.compared());
  } else {
    return run(Pass<Net, Batch, Purpose::Gradient>(architecture, w, data.inputs.data(),
                                                   data.inputs.outerStride(), workspace, settings),
               loss);
  }
}

/// @throws std::invalid_argument for data in which single targets of a column are missing, where
/// the loss takes all of them together
template <class Net, class L, class S>
void check_mask(const Sequences<S>& data) {
  using Type = typename Net::ArchitectureType::template LayerType<Net::output_layer>;
  using A = std::remove_cvref_t<decltype(output_activation(std::declval<Type>()))>;
  if constexpr (takes_whole_columns<L, A>()) {
    if (!data.is_masked()) return;
    for (Index c = 0; c < data.targets.cols(); ++c) {
      if (!data.has_target(c)) continue;
      if (data.mask().column_weight(data.targets.column(c), data.targets.rows(), c) < S(0)) {
        fail_argument("data: the targets in column ", c,
                      " differ in their weights (0 where one is missing), but this loss takes all "
                      "targets of a column together: give them one weight");
      }
    }
  }
}

template <class L, class Net>
void check_network_and_data(const Net& net, const Sequences<typename Net::Scalar>& data) {
  check_parameters(net);
  check_data(data, net.inputs(), net.outputs(), outputs_per_target<L>);
  check_sequences<Net>(data);
  check_mask<Net, L>(data);
}

/// Data whose numbers a pass does not overwrite while it still reads them: where they lie in its
/// workspace, as outputs of a run before do, copies, which live as long as this.
template <class S>
class DataApart {
 public:
  template <class Workspace>
  DataApart(const Sequences<S>& data, const Workspace& workspace) : data_(data) {
    if (workspace.holds(data.inputs)) data_.inputs = copied(data.inputs, inputs_);
    if (workspace.holds(data.targets)) data_.targets = copied(data.targets, targets_);
    const ConstMatrixView<S> weights(data.weights, 1, data.weight_count, data.weight_stride);
    if (data.weights != nullptr && workspace.holds(weights)) {
      data_.weights = copied(weights, weights_).data();
      data_.weight_stride = 1;
    }
    if (workspace.holds(data.target_weights)) {
      data_.target_weights = copied<S>(data.target_weights, target_weights_);
    }
  }
  DataApart(const DataApart&) = delete;
  DataApart& operator=(const DataApart&) = delete;
  operator const Sequences<S>&() const { return data_; }

 private:
  Sequences<S> data_;
  Array<S> inputs_, targets_, weights_, target_weights_;
};

}  // namespace detail

/// E(w) of a network over data: Σ over samples and steps, or their mean.
///
/// Runs the forward pass that `gradient` runs, so that the two cannot disagree. Allocates nothing
/// once the workspace has its size, unless data lie in the workspace: they are copied.
///
///     loss_of(net, loss, data, workspace, {.reduction = Reduction::Mean, .initial = &state})
///
/// @throws std::invalid_argument for data or states whose sizes do not fit
template <class Net, class L, Index Batch>
double loss_of(const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
               Workspace<Net, Batch>& workspace,
               const std::type_identity_t<PassOptions<Net, Batch>>& options = {}) {
  detail::check_network_and_data<L>(net, data);
  detail::check_no_initial_gradient(options);
  const detail::DataApart<typename Net::Scalar> apart(data, workspace);
  return detail::evaluate<false, false>(
      net.architecture(), detail::parameters_of(net, options), loss, apart,
      detail::ScaleBy{options.reduction}, workspace, options.initial, options.final,
      static_cast<typename Net::Scalar*>(nullptr), options.pass());
}

/// The former name of loss_of.
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
/// Everything that a network of delays allows is one product over all
/// steps. Allocates nothing once workspace and gradient have their sizes.
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
/// @param gradient overwritten: a vector, which becomes as long as w, or a contiguous view as long
/// as w: a Map, a column, part of an optimizer's buffer
/// @return E
/// @throws std::invalid_argument for data, states or parameters whose sizes do not fit, a gradient
/// that cannot have the length of w, or lies in memory of the data or the network
template <class Net, class L, Index Batch, class G>
double gradient(const Net& net, const L& loss, const Sequences<typename Net::Scalar>& data,
                Workspace<Net, Batch>& workspace, G&& gradient,
                const std::type_identity_t<PassOptions<Net, Batch>>& options = {}) {
  detail::check_network_and_data<L>(net, data);
  detail::check_no_initial_gradient(options);
  const auto* const w = detail::parameters_of(net, options);
  auto* const target = detail::gradient_target(net, data, w, gradient);
  const detail::DataApart<typename Net::Scalar> apart(data, workspace);
  return detail::evaluate<true, false>(net.architecture(), w, loss, apart,
                                       detail::ScaleBy{options.reduction}, workspace,
                                       options.initial, options.final, target, options.pass());
}
/// For a reduction alone, or with the states as well.
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
/// @throws std::invalid_argument for data or states whose sizes do not fit
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
  if constexpr (Net::Graph::is_recurrent) {
    if (options.d_initial != nullptr) {
      options.d_initial->check_fits(net.architecture(), data.batch());
    }
  }
  const Index rows = data.inputs.rows();
  const Index cols = data.inputs.cols();
  constexpr Index fixed_rows = Net::ArchitectureType::template fixed_units<0>;
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
  const double error = detail::evaluate<true, true>(
      net.architecture(), w, loss, apart, detail::ScaleBy{options.reduction}, workspace,
      options.initial, options.final, target, options.pass());
  const detail::Pass<Net, Batch, Purpose::Gradient> pass(net.architecture(), w, nullptr, 0,
                                                         workspace);
  // An assignment, since the caller's matrix may be row-major; after the pass, since it may be
  // that of the inputs.
  d_inputs.resize(rows, cols);
  d_inputs.derived().matrix() = Eigen::Map<const Matrix<S>>(pass.template delta<0>(), rows, cols);
  if constexpr (Net::Graph::is_recurrent) {
    if (options.d_initial != nullptr) detail::get_history_gradient(pass, *options.d_initial);
  }
  return error;
}

/// Its former arguments.
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
