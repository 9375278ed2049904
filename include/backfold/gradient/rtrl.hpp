// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/gradient.hpp"
#include "backfold/gradient/output_delta.hpp"
#include "backfold/gradient/rtrl/sensitivity.hpp"
#include "backfold/network/predict.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Real-time recurrent learning: the gradient of each step's error as soon as the step is taken,
/// exact for any network. It carries the sensitivities P = ∂(state)/∂w forward in time:
///
/// ∂E^t/∂w = (∂E^t/∂w at constant state) + (∂E^t/∂state) · P^(t−1)
///
/// At constant weights, the gradients of all steps add up to the gradient of BPTT. Memory does not
/// grow with time. A step of n fully connected recurrent units takes about n²·(parameters)
/// multiply-adds; a layer whose only loops are diagonal takes one for each of its parameters. The
/// batch size is 1.
///
///     bf::Rtrl rtrl(net);
///     for (each step) {
///       double E = rtrl.step(net, loss, x, z, g);   // g: gradient of this step's error
///       net.parameters() -= 0.01 * g;               // online: use it now; or add it up
///     }
///
/// A LearntStart has the identity as its sensitivity before the first step, and after `reset(net)`.
///
/// Source: Williams & Zipser, A learning algorithm for continually running fully recurrent neural
/// networks (1989).
template <class Net>
class Rtrl {
 public:
  using S = typename Net::Scalar;

  /// Allocates all buffers for networks of this architecture.
  explicit Rtrl(const Net& net)
      : workspace_(net, 1, 1, Purpose::InputGradient),
        states_{State<Net, 1>(net, 1), State<Net, 1>(net, 1)},
        sensitivity_(net.architecture()) {
    input_.setZero(net.inputs());
    output_.setZero(net.outputs());
    unit_.setZero(net.outputs());
    row_.setZero(net.parameter_count());
    static_assert(Net::Graph::is_recurrent,
                  "backfold: Rtrl is for networks with delays or memories; others need no past");
  }

  /// Resets state and sensitivities.
  void reset() {
    check_room();
    states_[now_].reset();
    sensitivity_.reset();
  }
  /// Resets to the state of `net` before the first step, its LearntStart or zero. The gradients of
  /// later steps include those of this LearntStart.
  void reset(const Net& net) {
    check_room();
    states_[now_].reset(net);
    sensitivity_.reset();
  }

  /// Takes one step and computes the gradient of its error. Allocates nothing if `gradient` has its
  /// size.
  ///
  /// @param x inputs × 1, @param z outputs × 1, @param gradient overwritten, as long as w
  /// @return E^t
  /// @throws std::invalid_argument for wrong sizes
  template <class L, class X, class Z, class G>
  double step(const Net& net, const L& loss, const Eigen::DenseBase<X>& x,
              const Eigen::DenseBase<Z>& z, G&& gradient) {
    Sequences<S> data(x, z, 1);
    detail::check_network_and_data<L>(net, data);
    check_step(net, data.inputs.cols());
    S* const target = detail::gradient_target(net, data, net.parameters().data(), gradient);
    data.inputs = kept(data.inputs);
    const double error = detail::evaluate<Purpose::InputGradient>(
        net.architecture(), net.parameters().data(), loss, data, detail::ScaleBy{Reduction::Sum},
        workspace_, &states_[now_], &states_[1 - now_], target);
    const auto pass = pass_of(net, data.inputs);
    sensitivity_.add_past(pass, target);
    advance(pass);
    return error;
  }

  /// Takes one step without a target.
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  void step(const Net& net, const Eigen::DenseBase<X>& x) {
    const auto input = detail::checked_inputs(net, x);
    check_step(net, input.cols());
    const auto own = kept(input);
    run(net, input_, 1, workspace_, &states_[now_], &states_[1 - now_]);
    advance(pass_of(net, own));
  }

  /// Takes one step and computes the Jacobian of its outputs, J = ∂y^t/∂w, by a backward pass for
  /// each output. Allocates nothing if J has its size.
  ///
  /// @param x inputs × 1, @param jacobian overwritten, outputs × parameters
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  void step(const Net& net, const Eigen::DenseBase<X>& x, Matrix<S>& jacobian) {
    const auto input = detail::checked_inputs(net, x);
    check_step(net, input.cols());
    const auto own = kept(input);
    detail::run_pass(net, input_, 1, workspace_, {{}, &states_[now_], &states_[1 - now_]},
                     Purpose::InputGradient);
    const auto pass = pass_of(net, own);
    jacobian.resize(unit_.size(), row_.size());
    for (Index k = 0; k < unit_.size(); ++k) {
      if (overwrites_net && k > 0) forward<false>(pass);
      unit_[k] = S(1);
      detail::set_output_delta(pass, unit_);
      unit_[k] = S(0);
      detail::Backward(pass, row_.data()).template run<true>();
      sensitivity_.add_past(pass, row_.data());
      jacobian.row(k) = row_.transpose();
    }
    advance(pass);
  }

  /// Output y^t of the last step.
  [[nodiscard]] const Vector<S>& output() const { return output_; }

  /// Number of entries of P: for each layer, (parameters that affect it)·units for the present step
  /// and each past step that is kept. If its loops are diagonal, its own parameters count one each.
  [[nodiscard]] Index size() const { return sensitivity_.size(); }

  /// State of the network.
  [[nodiscard]] const State<Net, 1>& state() const { return states_[now_]; }

 private:
  using PassType = detail::Pass<Net, 1>;
  /// True if a layer's pull-back overwrites its net input with deltas.
  static constexpr bool overwrites_net = []<std::size_t... L>(std::index_sequence<L...>) {
    return (
        !detail::fuses_activation<typename PassType::template LayerType<static_cast<int>(L) + 1>> ||
        ...);
  }
  (std::make_index_sequence<Net::layer_count - 1>());

  void check_room() const {
    if (output_.size() == 0) fail_argument("Rtrl: it has been moved from");
  }

  void check_step(const Net& net, Index columns) const {
    check_room();
    if (columns != 1) fail_argument("Rtrl: takes one sample, got ", columns);
    states_[now_].check_units(net.architecture());
  }

  /// Copies the input, which may be an output or a state that the step overwrites.
  ConstMatrixView<S> kept(const ConstMatrixView<S>& input) {
    detail::copy_numbers(input.data(), input_.data(), input.rows());
    return {input_.data(), input.rows(), 1};
  }

  PassType pass_of(const Net& net, const ConstMatrixView<S>& input) {
    PassType pass(net.architecture(), net.parameters().data(), workspace_);
    detail::rebind_inputs(pass, input, false);
    return pass;
  }

  void advance(const PassType& pass) {
    // The backward pass has overwritten the gates of cells with deltas; forward runs again to
    // restore them.
    if constexpr (overwrites_net) forward<false>(pass);
    sensitivity_.advance(pass);
    detail::copy_numbers(pass.template own_output<Net::output_layer>(), output_.data(),
                         output_.size());
    now_ = 1 - now_;
  }

  Workspace<Net, 1> workspace_;
  State<Net, 1> states_[2];  ///< before the last step, and now
  int now_ = 0;
  detail::Sensitivity<Net> sensitivity_;
  Vector<S> input_, output_;
  Vector<S> unit_, row_;  ///< of the outputs, and of their Jacobian
};

BACKFOLD_END_NAMESPACE
