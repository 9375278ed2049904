// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/network/feedback.hpp"
#include "backfold/network/predict.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Free run of a network: each output is the next input.
///
/// @param input the first input, inputs × batch @param state advanced by the run
/// @param outputs outputs × (batch·steps), overwritten: as many steps as fit
/// @throws std::invalid_argument for wrong sizes, and if there are not as many outputs as inputs
template <class Net, class X, Index Batch, class Y>
void free_run(const Net& net, const Eigen::DenseBase<X>& input, State<Net, Batch>& state,
              Eigen::PlainObjectBase<Y>& outputs) {
  const Index batch = state.batch();
  if (net.inputs() != net.outputs()) {
    fail_argument("free_run: outputs are the next inputs, but there are ", net.outputs(),
                  " outputs and ", net.inputs(), " inputs");
  }
  if (outputs.rows() != net.outputs() || outputs.cols() % batch != 0) {
    fail_argument("free_run: expected ", net.outputs(), " rows and a multiple of ", batch,
                  " columns for the outputs, got ", outputs.rows(), " x ", outputs.cols());
  }
  if (outputs.cols() == 0) return;
  const auto first = step(net, input, state);
  // Every output is at one address, in the state; `outputs` may be row-major.
  const Eigen::Map<const Matrix<typename Net::Scalar>> y(first.data(), first.rows(), first.cols());
  for (Index column = 0; column < outputs.cols(); column += batch) {
    if (column > 0) step(net, y, state);
    outputs.middleCols(column, batch) = y;
  }
}

/// Free run of a network with external inputs: outputs of a step become some inputs of the next
/// one, all others are given.
///
/// @param inputs inputs × (batch·steps); rows that are fed back are read only in the first
/// `warm_up` steps
/// @param state advanced by the run
/// @param outputs outputs × (batch·steps), overwritten. Allocates one step of inputs.
/// @throws std::invalid_argument for wrong sizes, rows that the network lacks, a teacher_ratio
template <class Net, class X, Index Batch, class Y>
void free_run(const Net& net, const Eigen::DenseBase<X>& inputs, State<Net, Batch>& state,
              Eigen::PlainObjectBase<Y>& outputs, const FeedbackOptions& feedback) {
  const Index batch = state.batch();
  (feedback.check)();
  feedback.check_rows(net.inputs(), net.outputs());
  if (feedback.teacher_ratio != 0) {
    fail_argument("free_run: teacher_ratio is for training, expected 0, got ",
                  feedback.teacher_ratio);
  }
  detail::check_inputs(net, inputs.rows());
  if (inputs.cols() % batch != 0) {
    fail_argument("free_run: ", inputs.cols(),
                  " columns of inputs are no whole number of steps of ", batch);
  }
  if (outputs.rows() != net.outputs() || outputs.cols() != inputs.cols()) {
    fail_argument("free_run: expected ", net.outputs(), " x ", inputs.cols(),
                  " for the outputs, got ", outputs.rows(), " x ", outputs.cols());
  }
  Matrix<typename Net::Scalar> x(net.inputs(), batch);
  for (Index t = 0; t < inputs.cols() / batch; ++t) {
    x = inputs.derived().middleCols(t * batch, batch);
    if (t >= feedback.warm_up) {
      feedback.for_each_row(net.outputs(), [&](Index input, Index output) {
        x.row(input) = outputs.row(output).segment((t - 1) * batch, batch);
      });
    }
    outputs.middleCols(t * batch, batch) = step(net, x, state);
  }
}

BACKFOLD_END_NAMESPACE
