// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/backward.hpp"
#include "backfold/gradient/forward_mode.hpp"
#include "backfold/gradient/output_delta.hpp"
#include "backfold/network/history.hpp"
#include "backfold/network/predict.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Direction in the parameters, the inputs and the state before the first step; null parts are 0.
template <class Net, Index Batch = Dynamic>
struct Direction {
  using S = typename Net::Scalar;
  const Vector<S>* parameters = nullptr;       ///< as long as w
  const Matrix<S>* inputs = nullptr;           ///< inputs × columns of X
  const State<Net, Batch>* initial = nullptr;  ///< before the first step
  State<Net, Batch>* final = nullptr;  ///< set to the tangent of the state after the last step
};

/// Results of a vector-Jacobian product, with respect to the parameters, the inputs and the state
/// before the first step; null parts are not computed.
template <class Net, Index Batch = Dynamic>
struct Cotangent {
  using S = typename Net::Scalar;
  Vector<S>* parameters = nullptr;
  Matrix<S>* inputs = nullptr;
  State<Net, Batch>* initial = nullptr;
};

/// A network's outputs at some inputs, and their derivatives there in both modes. With Y = f(w, X)
/// and its Jacobian J with respect to (w, X, state before the first step):
///
///     Y = run(net, X, steps)
///     jacobian_vector_product(net, v)   J v, forward mode: tangents of the outputs
///     vector_jacobian_product(net, U)   Jᵀ u, backpropagation (through time) of any U
///
/// A LearntStart is the state before the first step where none is given: then J v has both its
/// tangent as parameters and that of the direction's state, which add up.
///
/// Any network and any layer of the `Layer` concept, in inference. A product in either mode costs a
/// few passes; layers with Jacobians between their units (LayerNorm, Softmax) need a pull-back for
/// each unit. Allocates nothing once it has the size of the batch.
///
///     bf::Linearization at(net, X.cols());
///     at.run(net, X);
///     const auto dY = at.jacobian_vector_product(net, {.parameters = &v, .inputs = &dX});
///     at.vector_jacobian_product(net, U, {.parameters = &g, .inputs = &dX});
///
/// Source: Baydin et al., Automatic differentiation in machine learning: a survey (2018).
template <class Net, Index Batch = Dynamic>
class Linearization {
 public:
  using S = typename Net::Scalar;
  using Graph = typename Net::Graph;
  using StateType = State<Net, Batch>;

  /// Allocates all buffers for `batch` samples and `steps` steps.
  explicit Linearization(const Net& net, Index batch = Batch == Dynamic ? 1 : Batch,
                         Index steps = 1)
      : primal_(net, shape_of(batch, steps)), tangent_(net, shape_of(batch, steps)) {
    reserve(net, batch, steps);
  }

  /// Y = f(w, X), the point of linearization.
  ///
  /// @param x inputs × (batch·steps), time-major
  /// @param initial state before the first step (if nullptr, the LearntStart or zero) @param final
  /// set to the state after the last step
  /// @return a view of the outputs, valid until the next use
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  auto run(const Net& net, const Eigen::DenseBase<X>& x, Index steps = 1,
           const StateType* initial = nullptr, StateType* final = nullptr) {
    has_run_ = false;
    const P pass = detail::run_pass(net, x, steps, primal_, {{}, initial, final}, Purpose::Tangent);
    tangent_.shape(net.architecture(), shape_of(pass.batch(), steps));
    reserve(net, pass.batch(), steps);
    has_run_ = true;
    from_start_ = initial == nullptr;
    net_is_whole_ = true;
    return detail::outputs_view(pass, pass.columns());
  }

  /// J v: the tangents of the outputs. @pre the network's parameters are unchanged since the run
  ///
  /// @return a view, outputs × columns of X, valid until the next use
  /// @throws std::invalid_argument for wrong sizes, or before a run
  auto jacobian_vector_product(const Net& net, const Direction<Net, Batch>& direction) {
    check_ready(net);
    const P pass = primal(net);
    P tangent(net.architecture(), net.parameters().data(), tangent_);
    tangent.read_own_input();
    if (direction.parameters != nullptr) check_length(direction.parameters->size(), net);
    set_input(direction.inputs, pass, tangent);
    if constexpr (Graph::is_recurrent) {
      detail::check_states(pass, direction.initial, static_cast<const StateType*>(direction.final));
      set_past(tangent, direction);
    }
    restore_net(pass);
    const S* const v = direction.parameters == nullptr ? nullptr : direction.parameters->data();
    detail::ForwardMode<P>(pass, tangent, v, scratch_.data()).run();
    if constexpr (Graph::is_recurrent) {
      if (direction.final != nullptr) detail::get_history(tangent, nullptr, *direction.final);
    }
    return detail::outputs_view(tangent, tangent.columns());
  }

  /// Jᵀ u for u = U column by column. Results are resized. @pre the network's parameters are
  /// unchanged since the run
  ///
  /// @param u outputs × columns of X
  /// @throws std::invalid_argument for wrong sizes, or before a run
  template <class U>
  void vector_jacobian_product(const Net& net, const Eigen::DenseBase<U>& u,
                               const Cotangent<Net, Batch>& result) {
    static_assert(std::is_same_v<typename U::Scalar, S>,
                  "backfold: the vector of a product is of another scalar than the network");
    check_ready(net);
    const P pass = primal(net);
    if (u.rows() != net.outputs() || u.cols() != pass.columns()) {
      fail_argument("linearization: the vector is ", u.rows(), " x ", u.cols(), ", the outputs ",
                    net.outputs(), " x ", pass.columns());
    }
    if constexpr (Graph::is_recurrent) {
      if (result.initial != nullptr) result.initial->check_fits(net.architecture(), pass.batch());
    }
    restore_net(pass);
    detail::set_output_delta(pass, u);
    Vector<S>& gradient = result.parameters == nullptr ? gradient_ : *result.parameters;
    gradient.resize(net.parameter_count());
    detail::Backward(pass, gradient.data(), from_start_).template run<true>();
    net_is_whole_ = !overwrites_net;
    if (result.inputs != nullptr) {
      *result.inputs =
          Eigen::Map<const Matrix<S>>(pass.template delta<0>(), net.inputs(), pass.columns());
    }
    if constexpr (Graph::is_recurrent) {
      if (result.initial != nullptr) detail::get_history_gradient(pass, *result.initial);
    }
  }

 private:
  using P = detail::Pass<Net, Batch>;
  /// True if a layer's pull-back overwrites its net input with deltas.
  static constexpr bool overwrites_net = []<std::size_t... L>(std::index_sequence<L...>) {
    return (!detail::fuses_activation<typename P::template LayerType<static_cast<int>(L) + 1>> ||
            ...);
  }
  (std::make_index_sequence<Net::layer_count - 1>());

  static constexpr detail::PassShape shape_of(Index batch, Index steps) {
    return {batch, steps, Purpose::Tangent, true};
  }

  void reserve(const Net& net, Index batch, Index steps) {
    const auto size = detail::ForwardMode<P>::scratch_size(net.architecture(), batch, steps);
    const Index count = size.value("linearization: a batch of ", batch, " and ", steps, " steps");
    if (count > scratch_.size()) scratch_.resize(count);
    if (net.parameter_count() > gradient_.size()) gradient_.resize(net.parameter_count());
  }

  /// The pass of the last run.
  P primal(const Net& net) {
    P pass(net.architecture(), net.parameters().data(), primal_);
    pass.read_own_input();
    return pass;
  }

  void check_ready(const Net& net) const {
    if (!has_run_) fail_argument("linearization: run the network first");
    detail::check_parameters(net);
    if (!primal_.serves(net.architecture(), shape_of(primal_.batch(), primal_.steps()))) {
      fail_argument("linearization: the network has other sizes than the one that was run");
    }
  }
  static void check_length(Index size, const Net& net) {
    if (size != net.parameter_count()) {
      fail_argument("linearization: the direction has ", size, " parameters, the network ",
                    net.parameter_count());
    }
  }

  /// The tangent of the input: the direction, or 0.
  static void set_input(const Matrix<S>* inputs, const P& pass, const P& tangent) {
    const Index rows = pass.template units<0>();
    Eigen::Map<Matrix<S>> to(tangent.template own_output<0>(), rows, pass.columns());
    if (inputs == nullptr) {
      to.setZero();
      return;
    }
    if (inputs->rows() != rows || inputs->cols() != pass.columns()) {
      fail_argument("linearization: the direction of the inputs is ", inputs->rows(), " x ",
                    inputs->cols(), ", the inputs ", rows, " x ", pass.columns());
    }
    to = *inputs;
  }

  /// Sets the tangents before the first step: the direction's, plus those of the parameters of a
  /// LearntStart that the run began with.
  void set_past(const P& tangent, const Direction<Net, Batch>& direction) const {
    if constexpr (!Graph::learns_start) {
      detail::set_history(tangent, direction.initial);
    } else {
      const bool moves_start = from_start_ && direction.parameters != nullptr;
      for_each_index<Net::layer_count>([&](auto l) {
        constexpr int layer = l();
        const Index units = tangent.template units<layer>();
        for (int k = 0; k < detail::past_blocks<Graph>(layer); ++k) {
          const S *initial = nullptr, *start = nullptr;
          if (direction.initial != nullptr) {
            initial = direction.initial->template past_block<layer>(k);
          }
          if (moves_start && Graph::start_columns(layer) > 0) {
            start = direction.parameters->data() +
                    tangent.architecture().template start_offset<layer>() + k * units;
          }
          S* const to = detail::past_block<layer>(tangent, k);
          for (Index i = 0; i < units * tangent.batch(); ++i) {
            to[i] = (initial == nullptr ? S(0) : initial[i]) +
                    (start == nullptr ? S(0) : start[i % units]);
          }
        }
      });
    }
  }

  /// Runs forward again if a backward pass has overwritten net inputs with deltas.
  void restore_net(const P& pass) {
    if (!net_is_whole_) forward<false>(pass);
    net_is_whole_ = true;
  }

  Workspace<Net, Batch> primal_, tangent_;
  Vector<S> scratch_, gradient_;
  bool has_run_ = false;
  bool from_start_ = false;  ///< the run began with the LearntStart, or zeros
  bool net_is_whole_ = false;
};

BACKFOLD_END_NAMESPACE
