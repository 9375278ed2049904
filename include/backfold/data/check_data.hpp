// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/core/error.hpp"
#include "backfold/data/sequences.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Checks the sizes of data for a network with these numbers of inputs and outputs, and a loss with
/// `outputs_per_target` outputs for each target.
/// @throws std::invalid_argument with what was expected and what came
template <Real S>
void check_data(const Sequences<S>& data, Index inputs, Index outputs,
                Index outputs_per_target = 1) {
  const Index columns = data.inputs.cols();
  if (columns == 0) fail_argument("data: no samples");
  if (data.inputs.rows() != inputs) {
    fail_argument("data: inputs have ", data.inputs.rows(), " rows, the input layer ", inputs,
                  " units");
  }
  if (outputs_per_target == 1 && data.targets.rows() != outputs) {
    fail_argument("data: targets have ", data.targets.rows(), " rows, the output layer ", outputs,
                  " units");
  }
  if (data.targets.rows() * outputs_per_target != outputs) {
    fail_argument("data: the loss takes ", outputs_per_target,
                  " outputs for each target; targets "
                  "have ",
                  data.targets.rows(), " rows, the output layer ", outputs, " units");
  }
  if (data.steps < 1) fail_argument("data: a sequence needs at least one step, got ", data.steps);
  if (columns % data.steps != 0) {
    fail_argument("data: ", columns, " columns of inputs are no whole number of sequences of ",
                  data.steps, " steps");
  }
  const Index expected = data.targets_at == TargetsAt::EveryStep ? columns : columns / data.steps;
  if (data.targets.cols() != expected) {
    fail_argument("data: expected ", expected, " columns of targets for ", columns,
                  " columns of inputs, got ", data.targets.cols());
  }
  if (data.weights != nullptr && data.weight_count != expected) {
    fail_argument("data: expected ", expected, " weights, one for each column of targets, got ",
                  data.weight_count);
  }
  const Index weight_rows = data.target_weights.rows();
  if (weight_rows != 0 &&
      (weight_rows != data.targets.rows() || data.target_weights.cols() != expected)) {
    fail_argument("data: expected ", data.targets.rows(), " x ", expected,
                  " target_weights, one for each target, got ", weight_rows, " x ",
                  data.target_weights.cols());
  }
  if (data.initial_states.rows() != 0 && data.initial_states.cols() != data.batch()) {
    fail_argument("data: expected ", data.batch(),
                  " columns of initial_states, one for each sequence, got ",
                  data.initial_states.cols());
  }
  check_reset_count("data", data.resets, columns);
  if (data.lengths != nullptr) {
    for (Index b = 0; b < data.batch(); ++b) {
      if (data.lengths[b] < 0 || data.lengths[b] > data.steps) {
        fail_argument("data: length of sequence ", b, " is ", data.lengths[b], ", expected 0 to ",
                      data.steps);
      }
    }
  }
}

/// @throws std::invalid_argument for Samples with a network that has delays: without a past, its
/// delayed connections would not learn
template <class Net, Real S>
void check_sequences(const Sequences<S>& data) {
  if (Net::Graph::is_recurrent && data.are_samples()) {
    fail_argument(
        "data: a recurrent network learns from Sequences(X, Z, steps) or Windows, not from "
        "Samples; a batch of sequences of one step is Sequences(X, Z, 1)");
  }
}

}  // namespace detail

BACKFOLD_END_NAMESPACE
