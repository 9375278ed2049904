// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/history.hpp"
#include "backfold/network/prepare.hpp"
#include "backfold/network/run_options.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The lengths of a run's sequences; null if all have all steps.
/// @throws std::invalid_argument for a wrong number of lengths, or one out of range
template <class Net, Index Batch>
const Index* checked_lengths(const RunOptions<Net, Batch>& options, Index batch, Index steps) {
  if (options.lengths.empty()) return nullptr;
  if (static_cast<Index>(options.lengths.size()) != batch) {
    fail_argument("run: expected ", batch, " lengths, one for each sequence, got ",
                  options.lengths.size());
  }
  check_lengths("run", options.lengths.data(), batch, steps);
  return options.lengths.data();
}

/// Checks the arguments and runs a network forward. @returns the pass
/// @param purpose for which the workspace is laid out
template <class Net, class X, Index Batch>
BACKFOLD_ALWAYS_INLINE auto run_pass(const Net& net, const Eigen::DenseBase<X>& inputs, Index steps,
                                     Workspace<Net, Batch>& workspace,
                                     const RunOptions<Net, Batch>& options = {},
                                     Purpose purpose = Purpose::Forward) {
  using S = typename Net::Scalar;
  const auto x = checked_inputs(net, inputs);
  if (x.cols() == 0) fail_argument("input has no columns");
  if (steps < 1 || x.cols() % steps != 0) {
    fail_argument("input has ", x.cols(), " columns, no whole number of sequences of ", steps,
                  " steps");
  }
  const Index batch = x.cols() / steps;
  const Index* const lengths = checked_lengths(options, batch, steps);
  const bool own = workspace.holds(x);
  // A tangent pass reads the inputs again, so it needs a copy that outlives the caller's.
  const bool copies = own || lengths != nullptr || purpose == Purpose::Tangent;
  check_reset_count("run", options.resets, x.cols());
  const PassShape shape{batch, steps, purpose, copies,
                        Net::Graph::is_recurrent && !options.resets.empty()};
  Array<S> kept;
  auto source = x;
  if (own && !workspace.serves(net.architecture(), shape)) {
    source = copied(x, kept);  // a new layout would overwrite it
  }
  Pass<Net, Batch> pass(net.architecture(), net.parameters().data(), workspace);
  const PassData<S, State<Net, Batch>> data{source,        lengths, options.initial,
                                            options.final, nullptr, options.resets};
  prepare(pass, shape, data);
  forward<false>(pass);
  take_final(pass, data);
  if (lengths != nullptr) clear_ended_outputs(pass, lengths);
  return pass;
}

/// The outputs of a pass as an Eigen view, with static sizes if known.
template <class P>
auto outputs_view(const P& pass, Index columns) {
  constexpr int layer = P::Arch::output_layer;
  constexpr int rows = static_cast<int>(P::template units_at_compile_time<layer>);
  constexpr int cols = static_cast<int>(P::all_columns);
  using Plain = Matrix<typename P::S, rows, cols>;
  return Eigen::Map<const Plain>(pass.template own_output<layer>(), pass.template units<layer>(),
                                 columns);
}

}  // namespace detail

/// y = f(w, x) for samples in columns (for a recurrent network: sequences of `steps` steps,
/// time-major), into a workspace. Allocates nothing once that is large enough.
///
///     run(net, X, steps, workspace, {.lengths = lengths, .final = &state})
///
/// @param inputs may be outputs that the workspace has returned
/// @return a view of the outputs, outputs × columns of X, valid until the workspace's next use
/// @throws std::invalid_argument for wrong sizes, and lengths outside 0..steps
template <class Net, class X, Index Batch>
BACKFOLD_ALWAYS_INLINE auto run(const Net& net, const Eigen::DenseBase<X>& inputs, Index steps,
                                Workspace<Net, Batch>& workspace,
                                const std::type_identity_t<RunOptions<Net, Batch>>& options) {
  return detail::outputs_view(detail::run_pass(net, inputs, steps, workspace, options),
                              inputs.cols());
}
/// @param initial state before the first step (zero if nullptr)
/// @param final set to the state after the last step
template <class Net, class X, Index Batch>
BACKFOLD_ALWAYS_INLINE auto run(const Net& net, const Eigen::DenseBase<X>& inputs, Index steps,
                                Workspace<Net, Batch>& workspace,
                                const std::type_identity_t<State<Net, Batch>>* initial = nullptr,
                                std::type_identity_t<State<Net, Batch>>* final = nullptr) {
  return run(net, inputs, steps, workspace, RunOptions<Net, Batch>{{}, initial, final});
}

/// Outputs for independent samples.
template <class Net, class X, Index Batch>
BACKFOLD_ALWAYS_INLINE auto run(const Net& net, const Eigen::DenseBase<X>& inputs,
                                Workspace<Net, Batch>& workspace) {
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
  // Samples are processed in blocks, so that activations stay in the cache and memory does not grow
  // with the number of samples. The last block is never a single column, whose sums are rounded in
  // a different order, so that outputs equal those of `run`.
  constexpr Index most = columns == Dynamic ? Index{256} : columns;
  const Index n = inputs.cols();
  Workspace<Network, columns> workspace(*this, (std::min)(n, columns == Dynamic ? most + 1 : n), 1,
                                        Purpose::Forward);
  Matrix<S, ArchitectureType::template units_at_compile_time<output_layer>, columns> outputs;
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

/// One step of a recurrent network: y^t from x^t (inputs × batch) and the state, which it advances.
/// Memory and time per step do not depend on the number of steps before; nothing is allocated.
///
/// @param input may be (part of) the view of y^(t−1) from the previous step, or of the state
/// @return a view of y^t, outputs × batch, valid until the state's next step
/// @throws std::invalid_argument for wrong sizes
template <class Net, class X, Index Batch>
BACKFOLD_ALWAYS_INLINE auto step(const Net& net, const Eigen::DenseBase<X>& input,
                                 State<Net, Batch>& state) {
  const auto x = detail::checked_inputs(net, input);
  if (x.cols() != state.batch()) {
    fail_argument("input has ", x.cols(), " columns, the state a batch of ", state.batch());
  }
  state.check_units(net.architecture());
  detail::Pass<Net, Batch, Purpose::Step> pass(net.architecture(), net.parameters().data(),
                                               state.workspace());
  detail::bind_inputs(pass, x, state.workspace().holds(x));
  forward<false>(pass);
  detail::shift_history(pass);
  return detail::outputs_view(pass, x.cols());
}

BACKFOLD_END_NAMESPACE
