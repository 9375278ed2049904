// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <type_traits>

#include "backfold/core/size.hpp"
#include "backfold/gradient/linearization.hpp"
#include "backfold/gradient/rtrl.hpp"
#include "backfold/second_order/kalman_options.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Outputs of a network step by step, and their Jacobian ∂y^t/∂w by backpropagation through the
/// last steps, which are run again with the present w. The state before them is taken as constant,
/// unless it is the one before the first step: that is the LearntStart of the present w, or zero.
template <class Net>
class WindowJacobian {
 public:
  using S = typename Net::Scalar;

  WindowJacobian(const Net& net, Index window)
      : linear_(net, 1, window),
        start_(net, 1),
        inputs_(net.inputs(), window),
        units_(Matrix<S>::Zero(net.outputs(), window)),
        output_(Vector<S>::Zero(net.outputs())),
        row_(net.parameter_count()) {}

  void reset() {
    is_whole_ = true;
    count_ = 0;
  }

  /// @param jacobian outputs × parameters, or null
  template <class X>
  void step(const Net& net, const Eigen::DenseBase<X>& x, Matrix<S>* jacobian) {
    take(net, x);
    const auto y = run(net);
    output_ = y.col(count_ - 1);
    if (jacobian == nullptr) return;
    jacobian->resize(output_.size(), row_.size());
    for (Index k = 0; k < output_.size(); ++k) {
      units_(k, count_ - 1) = S(1);
      linear_.vector_jacobian_product(net, units_.leftCols(count_), {.parameters = &row_});
      units_(k, count_ - 1) = S(0);
      jacobian->row(k) = row_.transpose();
    }
  }

  [[nodiscard]] const Vector<S>& output() const { return output_; }

 private:
  /// Appends an input to the window, and moves its start by a step if it is full.
  template <class X>
  void take(const Net& net, const Eigen::DenseBase<X>& x) {
    const auto input = checked_inputs(net, x);
    if (input.cols() != 1) fail_argument("kalman: takes one sample, got ", input.cols());
    if (count_ == inputs_.cols()) {
      if constexpr (Net::Graph::is_recurrent) {
        if (is_whole_) start_.reset(net);
        is_whole_ = false;
        backfold::step(net, inputs_.col(0), start_);
      }
      for (Index t = 1; t < count_; ++t) inputs_.col(t - 1) = inputs_.col(t);
      --count_;
    }
    copy_numbers(input.data(), inputs_.col(count_).data(), input.rows());
    ++count_;
  }

  auto run(const Net& net) {
    return linear_.run(net, inputs_.leftCols(count_), count_, is_whole_ ? nullptr : &start_);
  }

  Linearization<Net, 1> linear_;
  State<Net, 1> start_;  ///< before the window, unless it is whole
  Matrix<S> inputs_, units_;
  Vector<S> output_, row_;
  bool is_whole_ = true;  ///< the window has all steps since the reset
  Index count_ = 0;       ///< steps in the window
};

/// Multiply-adds of a step of real-time recurrent learning: products of the layers' weights with
/// the sensitivities.
template <class Arch>
Size rtrl_operations(const Arch& architecture) {
  using Graph = typename Arch::Graph;
  Size sum = 0;
  for_each_index<last_remembered_layer<Graph>>([&](auto l) {
    constexpr int layer = l() + 1;
    using Shape = TangentShape<Arch, layer>;
    const Size per_row = Size(Shape::columns(architecture)) * Shape::net_rows(architecture);
    for_each_index<Arch::template connection_count<layer>>([&](auto c) {
      constexpr Connection connection = Arch::template LayerType<layer>::connections[c()];
      const bool is_felt = connection.source_of(layer) > 0;
      if (is_felt) sum += per_row * architecture.template fan_in<layer, c()>();
    });
  });
  return sum;
}

/// Multiply-adds of a step of backpropagation through a window.
template <class Net>
Size window_operations(const Net& net, Index window) {
  return Size(net.parameter_count()) * window * (Size(net.outputs()) * 2 + 1);
}

/// Outputs and Jacobian of each step, by the cheaper of real-time recurrent learning and
/// backpropagation through a window. A network without delays has a window of one step.
template <class Net>
class OutputJacobian {
 public:
  using S = typename Net::Scalar;

  OutputJacobian(const Net& net, const KalmanOptions& options) {
    if constexpr (Net::Graph::is_recurrent) {
      if (options.mode == JacobianMode::Reverse && options.window == 0) {
        fail_argument("kalman: backpropagation through time needs a window >= 1, got 0");
      }
      const bool is_cheaper = options.window == 0 || rtrl_operations(net.architecture()) <=
                                                         window_operations(net, options.window);
      if (options.mode == JacobianMode::Forward ||
          (options.mode == JacobianMode::Cheaper && is_cheaper)) {
        rtrl_.emplace(net);
        return;
      }
      window_.emplace(net, options.window);
    } else {
      window_.emplace(net, 1);
    }
  }

  /// Forgets the steps before. The next one starts from the LearntStart of its own w, or from zero.
  void reset() {
    begins_ = true;
    if (window_) window_->reset();
  }

  template <class X>
  void step(const Net& net, const Eigen::DenseBase<X>& x, Matrix<S>& jacobian) {
    if constexpr (Net::Graph::is_recurrent) {
      if (rtrl_) return begun(net).step(net, x, jacobian);
    }
    window_->step(net, x, &jacobian);
  }
  template <class X>
  void step(const Net& net, const Eigen::DenseBase<X>& x) {
    if constexpr (Net::Graph::is_recurrent) {
      if (rtrl_) return begun(net).step(net, x);
    }
    window_->step(net, x, nullptr);
  }

  [[nodiscard]] const Vector<S>& output() const {
    if constexpr (Net::Graph::is_recurrent) {
      if (rtrl_) return rtrl_->output();
    }
    return window_->output();
  }
  [[nodiscard]] bool is_forward() const { return !window_; }

 private:
  struct None {};

  /// RTRL, reset if the next step is the first one.
  Rtrl<Net>& begun(const Net& net) {
    if (begins_) rtrl_->reset(net);
    begins_ = false;
    return *rtrl_;
  }

  bool begins_ = true;
  std::optional<WindowJacobian<Net>> window_;
  typename std::conditional_t<Net::Graph::is_recurrent,
                              std::type_identity<std::optional<Rtrl<Net>>>,
                              std::type_identity<None>>::type rtrl_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
