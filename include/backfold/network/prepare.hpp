// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/forward.hpp"
#include "backfold/network/history.hpp"
#include "backfold/network/sequence_ends.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// @throws std::invalid_argument unless the inputs have the rows that the network takes
template <class Net>
void check_inputs(const Net& net, Index rows) {
  if (rows != net.inputs()) {
    fail_argument("input has ", rows, " rows, the input layer ", net.inputs(), " units");
  }
}

/// @return true, for use in a static_assert, so that its own messages come before other errors
template <class Net, class X>
constexpr bool static_check_inputs() {
  constexpr Index rows = X::RowsAtCompileTime;
  constexpr Index units = Net::ArchitectureType::template units_at_compile_time<0>;
  static_assert(rows == Dynamic || units == Dynamic || rows == units,
                "backfold: the input has another number of rows than the Input layer has units");
  static_assert(std::is_same_v<typename X::Scalar, typename Net::Scalar>,
                "backfold: the input is of another scalar than the network (float and double): "
                "cast the one to the other");
  static_assert(X::ColsAtCompileTime != 0, "backfold: the input has no columns");
  return true;
}

/// Checks network and inputs, and returns the inputs' columns.
/// @throws std::invalid_argument for a w of wrong length, or a wrong number of rows
template <class Net, class X>
BACKFOLD_ALWAYS_INLINE auto checked_inputs(const Net& net, const Eigen::DenseBase<X>& inputs) {
  static_assert(static_check_inputs<Net, X>());
  const auto x = columns_of(inputs);
  check_parameters(net);
  check_inputs(net, x.rows());
  return x;
}

/// Data of a pass, and the states before and after it; null if there are none.
template <class S, class StateType>
struct PassData {
  const ConstMatrixView<S>& inputs;
  const Index* lengths = nullptr;
  const StateType* initial = nullptr;
  StateType* final = nullptr;
  const ConstMatrixView<S>* initial_columns = nullptr;  ///< or its columns, one a sequence
  ResetFlags resets{};                                  ///< one a column of the inputs, or none
};

/// Copies the input into the workspace. @pre the input does not overlap the copy, as no user has a
/// view of the workspace's input
template <class P, class S>
BACKFOLD_ALWAYS_INLINE void take_input(P& pass, const ConstMatrixView<S>& x) {
  for (Index c = 0; c < x.cols(); ++c) {
    copy_numbers(x.column(c), pass.template own_output<0>() + c * x.rows(), x.rows());
  }
  pass.read_own_input();
}

/// Gives a pass its inputs: in the caller's memory, or a copy in the workspace.
template <class P, class S>
BACKFOLD_ALWAYS_INLINE void bind_inputs(P& pass, const ConstMatrixView<S>& inputs, bool copies) {
  if (P::Graph::history(0) > 0 || copies) {
    take_input(pass, inputs);
  } else {
    pass.read_input(inputs);
  }
}

/// Gives a pass the inputs of the pass that has filled its workspace: the copy there, or those in
/// the caller's memory.
template <class P, class S>
BACKFOLD_ALWAYS_INLINE void rebind_inputs(P& pass, const ConstMatrixView<S>& inputs, bool copied) {
  if (P::Graph::history(0) > 0 || copied) {
    pass.read_own_input();
  } else {
    pass.read_input(inputs);
  }
}

/// Prepares a pass to run forward: lays out the workspace, and sets the inputs and the state before
/// the first step.
/// @throws std::invalid_argument for states that do not fit
template <class P, class StateType>
BACKFOLD_ALWAYS_INLINE void prepare(P& pass, const PassShape& shape,
                                    const PassData<typename P::S, StateType>& data) {
  pass.workspace().shape(pass.architecture(), shape);
  if constexpr (P::Graph::is_recurrent) {
    check_states(pass, data.initial, static_cast<const StateType*>(data.final));
    set_history(pass, data.initial, data.initial_columns);
  }
  if constexpr (P::may_reset) pass.reset_at({data.resets, data.lengths, shape.batch});
  if (data.lengths != nullptr) {
    copy_inputs(data.inputs, shape.batch, data.lengths, pass.template own_output<0>());
    pass.read_own_input();
  } else {
    bind_inputs(pass, data.inputs, shape.copies_input);
  }
}

/// Stores the state after a pass, if requested.
template <class P, class StateType>
BACKFOLD_ALWAYS_INLINE void take_final(const P& pass,
                                       const PassData<typename P::S, StateType>& data) {
  if constexpr (P::Graph::is_recurrent) {
    if (data.final != nullptr) get_history(pass, data.lengths, *data.final);
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
