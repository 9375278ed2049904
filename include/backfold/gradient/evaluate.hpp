// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/data/check_data.hpp"
#include "backfold/gradient/backward.hpp"
#include "backfold/gradient/pass_error.hpp"
#include "backfold/gradient/pass_options.hpp"
#include "backfold/network/history.hpp"
#include "backfold/network/prepare.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// A loss that makes the passes over its data itself, with the inputs in the workspace.
template <class L>
concept MakesPass = requires {
  typename L::MakesPass;
};

/// Shape of the pass that evaluates a loss over `batch` sequences like those of `data`, `steps` of
/// their steps. A loss that closes a loop from outputs to inputs reads both at all steps, so it
/// keeps both and their deltas.
template <class Net, class L, class S>
PassShape evaluated_shape(Index batch, Index steps, Purpose purpose, const Sequences<S>& data) {
  if constexpr (MakesPass<L>) {
    return {batch, steps, (std::max)(purpose, Purpose::InputGradient), true};
  } else {
    return {batch, steps, purpose, data.lengths != nullptr,
            Net::Graph::is_recurrent && !data.resets.empty()};
  }
}

/// E and, for a gradient, ∇E, by a pass with a workspace.
template <Purpose For, class P, class L, class Scale, class StateType>
BACKFOLD_ALWAYS_INLINE double evaluate_pass(P& pass, const L& loss,
                                            const Sequences<typename P::S>& data,
                                            const PassShape& shape, const Scale& scale,
                                            const StateType* initial, StateType* final,
                                            typename P::S* gradient) {
  using Output = typename P::template LayerType<P::Arch::output_layer>;
  constexpr bool goes_back = For >= Purpose::Gradient;
  const ConstMatrixView<typename P::S>* const columns =
      initial == nullptr && data.initial_states.rows() != 0 ? &data.initial_states : nullptr;
  const PassData<typename P::S, StateType> pass_data{data.inputs, data.lengths, initial,
                                                     final,       columns,      data.resets};
  prepare(pass, shape, pass_data);
  forward<loss_needs_net<Output, L>()>(pass);
  const double error = error_of<goes_back>(pass, loss, data, scale);
  if constexpr (goes_back && P::Graph::is_recurrent) {
    if (data.lengths != nullptr) repeat_last_steps(pass, data.lengths);
  }
  if constexpr (goes_back) {
    Backward(pass, gradient, initial == nullptr && columns == nullptr)
        .template run<For == Purpose::InputGradient>();
  }
  take_final(pass, pass_data);
  return error;
}

/// One forward pass and E; for a gradient, one backward pass and ∇E too. `loss_of` and `gradient`
/// share this function, so they cannot disagree.
///
/// @tparam For Forward, Gradient or InputGradient
template <Purpose For, class Net, Index Batch, class L, class Scale>
BACKFOLD_ALWAYS_INLINE double evaluate(const typename Net::ArchitectureType& architecture,
                                       const typename Net::Scalar* w, const L& loss,
                                       const Sequences<typename Net::Scalar>& data,
                                       const Scale& scale, Workspace<Net, Batch>& workspace,
                                       const State<Net, Batch>* initial, State<Net, Batch>* final,
                                       typename Net::Scalar* gradient,
                                       const PassSettings& settings = {}) {
  const PassShape shape = evaluated_shape<Net, L>(data.batch(), data.steps, For, data);
  auto run = [&](auto pass, const auto& compared) BACKFOLD_INLINE_LAMBDA {
    return evaluate_pass<For>(pass, compared, data, shape, scale, initial, final, gradient);
  };
  if constexpr (MakesPass<L>) {
    if (!data.resets.empty()) {
      fail_argument(
          "data: a loss that feeds outputs back as inputs takes no resets: it would not know which "
          "inputs follow one; cut the sequences with Episodes instead");
    }
    return run(loss.template pass<Net, Batch>(architecture, w, data, workspace, settings),
               loss.compared());
  } else {
    return run(Pass<Net, Batch>(architecture, w, workspace, settings), loss);
  }
}

/// @throws std::invalid_argument for data in which some targets of a column are missing, if the
/// loss couples them
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
  check_initial_states(net, data);
  check_reset_count("data", data.resets, data.inputs.cols());
  check_mask<Net, L>(data);
}

/// Data that a pass can read without overwriting them. Data in its workspace, such as outputs of an
/// earlier run, are copied; the copies live as long as this object.
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
    if (workspace.holds(data.initial_states)) {
      data_.initial_states = copied<S>(data.initial_states, initial_states_);
    }
  }
  DataApart(const DataApart&) = delete;
  DataApart& operator=(const DataApart&) = delete;
  operator const Sequences<S>&() const { return data_; }

 private:
  Sequences<S> data_;
  Array<S> inputs_, targets_, weights_, target_weights_, initial_states_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
