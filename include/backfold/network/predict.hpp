// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/samples.hpp"
#include "backfold/network/run_options.hpp"
#include "backfold/network/sequence_ends.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

template <class Net>
void check_inputs(const Net& net, Index rows) {
  if (rows != net.inputs()) {
    fail_argument("input has ", rows, " rows, the input layer ", net.inputs(), " units");
  }
}

/// @return true, for a static_assert: its own come before the errors of what it guards
template <class Net, class X>
constexpr bool static_check_inputs() {
  constexpr Index rows = X::RowsAtCompileTime;
  constexpr Index units = Net::ArchitectureType::template fixed_units<0>;
  static_assert(rows == Dynamic || units == Dynamic || rows == units,
                "backfold: the input has another number of rows than the Input layer has units");
  static_assert(std::is_same_v<typename X::Scalar, typename Net::Scalar>,
                "backfold: the input is of another scalar than the network (float and double): "
                "cast the one to the other");
  static_assert(X::ColsAtCompileTime != 0, "backfold: the input has no columns");
  return true;
}

/// Copies the input into the workspace, to be read from there. @pre no view of what the workspace
/// keeps of a layer's input is given to users, so that the two do not overlap
template <class P, class S>
BACKFOLD_ALWAYS_INLINE void take_input(P& pass, const ConstMatrixView<S>& x) {
  for (Index c = 0; c < x.cols(); ++c) {
    copy_numbers(x.column(c), pass.template own_output<0>() + c * x.rows(), x.rows());
  }
  pass.read_own_input();
}

/// Checks, and runs a network forward; the pass that has run.
template <class Net, class X, Index Batch>
auto run_pass(const Net& net, const Eigen::DenseBase<X>& inputs, Index steps,
              Workspace<Net, Batch>& workspace, const RunOptions<Net, Batch>& options = {}) {
  static_assert(static_check_inputs<Net, X>());
  const auto x = columns_of(inputs);
  check_parameters(net);
  check_inputs(net, x.rows());
  if (x.cols() == 0) fail_argument("input has no columns");
  if (steps < 1 || x.cols() % steps != 0) {
    fail_argument("input has ", x.cols(), " columns, no whole number of sequences of ", steps,
                  " steps");
  }
  const Index batch = x.cols() / steps;
  const Index* const lengths = options.lengths.empty() ? nullptr : options.lengths.data();
  if (lengths != nullptr) {
    if (static_cast<Index>(options.lengths.size()) != batch) {
      fail_argument("run: expected ", batch, " lengths, one for each sequence, got ",
                    options.lengths.size());
    }
    check_lengths("run", lengths, batch, steps);
  }
  const bool own = workspace.holds(x);
  Array<typename Net::Scalar> kept;
  auto source = x;
  if (own && !workspace.has_shape(net.architecture(), batch, steps)) {
    source = copied(x, kept);  // a new layout puts something else in its place
  }
  workspace.shape(net.architecture(), batch, steps);
  Pass<Net, Batch, Purpose::Gradient> pass(net.architecture(), net.parameters().data(), x.data(),
                                           x.outerStride(), workspace);
  if constexpr (Net::Graph::is_recurrent) {
    check_states(pass, options.initial, static_cast<const State<Net, Batch>*>(options.final));
    set_history(pass, options.initial);
  }
  if (lengths != nullptr) {
    copy_inputs(source, batch, lengths, pass.template own_output<0>());
    pass.read_own_input();
  } else if (Net::Graph::history(0) > 0 || own) {
    take_input(pass, source);
  }
  forward<false>(pass);
  if constexpr (Net::Graph::is_recurrent) {
    if (options.final != nullptr) get_history(pass, lengths, *options.final);
  }
  if (lengths != nullptr) clear_ended_outputs(pass, lengths);
  return pass;
}

/// The outputs of a pass as an Eigen view, of fixed sizes where they are known.
template <class P>
auto outputs_view(const P& pass, Index columns) {
  constexpr int layer = P::Arch::output_layer;
  constexpr int rows = static_cast<int>(P::template fixed_units<layer>);
  constexpr int cols = static_cast<int>(P::all_columns);
  using Plain = Matrix<typename P::S, rows, cols>;
  return Eigen::Map<const Plain>(pass.template own_output<layer>(), pass.template units<layer>(),
                                 columns);
}

}  // namespace detail

/// y = f(w, x) for samples in columns (for a recurrent network: sequences of `steps` steps,
/// time-major), into a workspace: allocates nothing once that is large enough.
///
///     run(net, X, steps, workspace, {.lengths = lengths, .final = &state})
///
/// @param inputs may be outputs that the workspace has returned
/// @return a view of the outputs, outputs × columns of X, that lives until the workspace's next use
/// @throws std::invalid_argument for wrong sizes, and lengths outside 0..steps
template <class Net, class X, Index Batch>
auto run(const Net& net, const Eigen::DenseBase<X>& inputs, Index steps,
         Workspace<Net, Batch>& workspace,
         const std::type_identity_t<RunOptions<Net, Batch>>& options) {
  return detail::outputs_view(detail::run_pass(net, inputs, steps, workspace, options),
                              inputs.cols());
}
/// @param initial what was before the first step (zeros if nullptr)
/// @param final gets what is after the last
template <class Net, class X, Index Batch>
auto run(const Net& net, const Eigen::DenseBase<X>& inputs, Index steps,
         Workspace<Net, Batch>& workspace,
         const std::type_identity_t<State<Net, Batch>>* initial = nullptr,
         std::type_identity_t<State<Net, Batch>>* final = nullptr) {
  return run(net, inputs, steps, workspace, RunOptions<Net, Batch>{{}, initial, final});
}

/// Outputs for samples that are no sequences.
template <class Net, class X, Index Batch>
auto run(const Net& net, const Eigen::DenseBase<X>& inputs, Workspace<Net, Batch>& workspace) {
  static_assert(!Net::Graph::is_recurrent,
                "backfold: a recurrent network runs over sequences: give their steps (1, if one is "
                "meant) behind the input");
  return run(net, inputs, 1, workspace);
}

template <Real S, class... Layers>
template <class X>
auto Network<S, Layers...>::operator()(const Eigen::DenseBase<X>& inputs) const {
  static_assert(!Graph::is_recurrent,
                "backfold: a recurrent network runs over sequences: use run or step");
  static_assert(detail::static_check_inputs<Network, X>());
  constexpr Index columns = X::ColsAtCompileTime;
  if (inputs.cols() == 0) fail_argument("input has no columns");
  // Any number of samples goes through in blocks: their activations stay in the cache, and the
  // memory for them does not grow with the number of samples. The last one is never a single
  // column, whose sums are rounded in another order, so that `run` gives the same outputs.
  constexpr Index most = columns == Dynamic ? Index{256} : columns;
  const Index n = inputs.cols();
  Workspace<Network, columns> workspace(*this, (std::min)(n, columns == Dynamic ? most + 1 : n));
  Matrix<S, ArchitectureType::template fixed_units<output_layer>, columns> outputs;
  outputs.resize(this->outputs(), n);
  auto predict = [&]<class Block>(const Block& block, S* to) {
    const auto pass = detail::run_pass<Network, Block, columns>(*this, block, 1, workspace);
    detail::copy_numbers(pass.template own_output<output_layer>(), to,
                         this->outputs() * block.cols());
  };
  if constexpr (columns == Dynamic) {
    for (Index first = 0; first < n;) {
      const Index count = n - first <= most + 1 ? n - first : most;
      predict(inputs.derived().middleCols(first, count), outputs.data() + first * this->outputs());
      first += count;
    }
  } else {
    predict(inputs.derived(), outputs.data());
  }
  return outputs;
}

/// One step of a recurrent network: y^t from x^t (inputs × batch) and what the state remembers,
/// which then moves on. Memory and time do not grow with the steps taken; nothing is allocated.
///
/// @param input may be (part of) the view of y^(t−1) that the step before returned, or of what the
/// state remembers
/// @return a view of y^t, outputs × batch, that lives in the state until its next step
/// @throws std::invalid_argument for wrong sizes
template <class Net, class X, Index Batch>
BACKFOLD_ALWAYS_INLINE auto step(const Net& net, const Eigen::DenseBase<X>& input,
                                 State<Net, Batch>& state) {
  static_assert(detail::static_check_inputs<Net, X>());
  const auto x = detail::columns_of(input);
  detail::check_parameters(net);
  detail::check_inputs(net, x.rows());
  if (x.cols() != state.batch()) {
    fail_argument("input has ", x.cols(), " columns, the state a batch of ", state.batch());
  }
  state.check_units(net.architecture());
  detail::Pass<Net, Batch, Purpose::Step> pass(net.architecture(), net.parameters().data(),
                                               x.data(), x.outerStride(), state.workspace());
  if (Net::Graph::history(0) > 0 || state.workspace().holds(x)) detail::take_input(pass, x);
  forward<false>(pass);
  detail::shift_history(pass);
  return detail::outputs_view(pass, x.cols());
}

BACKFOLD_END_NAMESPACE
