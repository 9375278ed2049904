// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <vector>

#include "backfold/analysis/jacobian.hpp"
#include "backfold/gradient/evaluate.hpp"
#include "backfold/loss/half_squared_error.hpp"
#include "backfold/network/predict.hpp"
#include "backfold/network/sequence_ends.hpp"
#include "backfold/second_order/least_squares.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Residuals r = √weight (y − z) of a network, one for each target that is not masked, and their
/// Jacobian with respect to w.
template <class Net>
class NetworkResidual {
 public:
  using S = typename Net::Scalar;

  NetworkResidual(const Net& net, const Sequences<S>& data, JacobianMode mode)
      : net_(net),
        data_(data),
        workspace_(net, data.batch(), data.steps, Purpose::Forward),
        jacobian_(net, data.steps),
        x_(data.inputs.rows(), data.inputs.cols()) {
    options_.steps = data.steps;
    options_.mode = mode;
    // Clears the padding after sequence ends: it may be NaN, and backpropagation would compute
    // 0·NaN.
    copy_inputs(data.inputs, data.batch(), data.lengths, x_.data());
    for (Index c = 0; c < data.targets.cols(); ++c) {
      if (data.has_target(c)) add_targets(c);
    }
  }

  void operator()(const Vector<S>& w, Vector<S>& r, Matrix<S>* jacobian) {
    net_.parameters() = w;
    const auto y = run(net_, x_, data_.steps, workspace_);
    r.resize(static_cast<Index>(targets_.size()));
    for (Index i = 0; i < r.size(); ++i) {
      const Target& target = targets_[static_cast<std::size_t>(i)];
      r[i] = target.root_weight * (y(target.output, target.column) - target.value);
    }
    if (jacobian == nullptr) return;
    jacobian_.by_parameters(net_, x_, all_rows_, options_);
    jacobian->resize(r.size(), w.size());
    for (Index i = 0; i < r.size(); ++i) {
      const Target& target = targets_[static_cast<std::size_t>(i)];
      jacobian->row(i) =
          target.root_weight * all_rows_.row(target.column * net_.outputs() + target.output);
    }
  }

 private:
  struct Target {
    Index output, column;  ///< of the network's outputs
    S value, root_weight;
  };

  void add_targets(Index c) {
    const Index batch = data_.batch();
    const bool last = data_.targets_at == TargetsAt::LastStep;
    const Index steps = data_.lengths != nullptr && last ? data_.lengths[c] : data_.steps;
    const Index column = last ? (steps - 1) * batch + c : c;
    const S weight = data_.weights == nullptr ? S(1) : data_.weights[c * data_.weight_stride];
    for (Index i = 0; i < data_.targets.rows(); ++i) {
      const S value = data_.targets(i, c);
      const S own = weight * data_.mask().weight(value, i, c);
      if (own != S(0)) targets_.push_back({i, column, value, std::sqrt(own)});
    }
  }

  Net net_;
  const Sequences<S>& data_;
  Workspace<Net> workspace_;
  Jacobian<Net> jacobian_;
  JacobianOptions<Net> options_;
  Matrix<S> x_, all_rows_;
  std::vector<Target> targets_;
};

}  // namespace detail

/// Trains a network by Levenberg-Marquardt steps on all data at once: E = ½ Σ (y − z)², the
/// HalfSquaredError, to its minimum in few steps, for networks of up to some hundred parameters.
///
///     const auto result = bf::fit_least_squares(net, bf::Samples(X, Z), {.iterations = 100});
///     result.sum_of_squares;          // 2E;  result.covariance of w
///
/// Each step solves a system with P unknowns, P the number of parameters, from the Jacobian of all
/// outputs with respect to w: P numbers per target, O(targets·P²) operations. The network may have
/// any connections. Sequences start from a zero state, or from the LearntStart, which is fitted
/// too. Their Jacobian is taken through all steps, by forward mode (as in RTRL) or backpropagation
/// through time; both give equal results.
///
/// @param net starts at its parameters and ends at the parameters of the least E found
/// @param data samples or sequences; weights, masks and lengths as in `fit`
/// @param mode direction of differentiation; by default the cheaper one
/// @return see LeastSquaresResult
/// @throws std::invalid_argument for data that do not fit or are not finite, or without a target
///
/// Source: Hagan & Menhaj, Training feedforward networks with the Marquardt algorithm (1994).
template <class Net>
LeastSquaresResult<typename Net::Scalar> fit_least_squares(
    Net& net, const Sequences<typename Net::Scalar>& data, const LeastSquaresOptions& options = {},
    JacobianMode mode = JacobianMode::Cheaper) {
  using S = typename Net::Scalar;
  detail::check_network_and_data<HalfSquaredError>(net, data);
  data.check_finite();
  if (data.initial_states.rows() != 0) {
    fail_argument("fit_least_squares: expected data without initial_states");
  }
  if (!data.resets.empty()) {
    fail_argument("fit_least_squares: expected sequences without resets; cut them with Episodes");
  }
  if (data.target_count() == 0) fail_argument("fit_least_squares: no sample has a target");
  detail::NetworkResidual<Net> residual(net, data, mode);
  LeastSquaresResult<S> result = least_squares(residual, net.parameters(), options);
  net.parameters() = result.w;
  return result;
}

BACKFOLD_END_NAMESPACE
