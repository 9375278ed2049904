// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/gradient/linearization.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Direction of differentiation for a Jacobian.
enum class JacobianMode {
  Cheaper,  ///< forward unless it has more columns than rows
  Forward,  ///< column by column, by Jacobian-vector products
  Reverse,  ///< row by row, by backpropagation
};

/// Settings of a Jacobian: sequences, outputs, and direction of differentiation.
template <class Net>
struct JacobianOptions {
  static constexpr Index every_step = -1;
  Index steps = 1;          ///< of each sequence
  Index step = every_step;  ///< the outputs of this step alone, counted from 0
  JacobianMode mode = JacobianMode::Cheaper;
  const State<Net>* initial = nullptr;  ///< before the first step; if nullptr, LearntStart or zeros
};

/// Jacobians of a network's outputs y = f(w, x) with respect to the parameters, the inputs and the
/// state before the first step. Batches are processed sequence by sequence.
///
///     bf::Jacobian jacobian(net);
///     Eigen::MatrixXd J;
///     jacobian.by_parameters(net, X, J);                  // (outputs·samples) × parameters
///     jacobian.by_inputs(net, X, J, {.steps = T});        // (outputs·columns) × (inputs·T)
///
/// Rows are in the order of the stored outputs, sample by sample; with `.step`, only the outputs at
/// that step. Columns are the variables of the row's own sequence, since outputs depend on no
/// other. The variables of a state are its `values()`. Allocates nothing once it and the result
/// have their sizes.
template <class Net>
class Jacobian {
 public:
  using S = typename Net::Scalar;
  using Options = JacobianOptions<Net>;

  /// Allocates buffers for sequences of `steps` steps.
  explicit Jacobian(const Net& net, Index steps = 1)
      : linear_(net, 1, steps), initial_(net, 1), direction_(net, 1) {
    reserve(net, steps);
  }

  /// ∂y/∂w.
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  void by_parameters(const Net& net, const Eigen::DenseBase<X>& x, Matrix<S>& jacobian,
                     const Options& options = {}) {
    fill<Variables::Parameters>(net, x, jacobian, options);
  }
  /// ∂y/∂x, with respect to the inputs of all steps.
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  void by_inputs(const Net& net, const Eigen::DenseBase<X>& x, Matrix<S>& jacobian,
                 const Options& options = {}) {
    fill<Variables::Inputs>(net, x, jacobian, options);
  }
  /// ∂y/∂(state before the first step).
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  void by_initial(const Net& net, const Eigen::DenseBase<X>& x, Matrix<S>& jacobian,
                  const Options& options = {}) {
    static_assert(Net::Graph::is_recurrent,
                  "backfold: a network without delays or memories has no state");
    fill<Variables::Initial>(net, x, jacobian, options);
  }

 private:
  enum class Variables { Parameters, Inputs, Initial };

  /// Rows and variables of one sequence of a batch.
  struct Shape {
    Index batch, steps, first_step, last_step, outputs, variables;
    [[nodiscard]] Index rows() const { return outputs * (last_step - first_step + 1); }
    [[nodiscard]] Index row(Index step, Index sequence) const {
      return outputs * ((step - first_step) * batch + sequence);
    }
  };

  void reserve(const Net& net, Index steps) {
    const Index inputs = net.inputs(), outputs = net.outputs();
    if (x_.rows() != inputs || x_.cols() != steps) x_.resize(inputs, steps);
    if (u_.rows() != outputs || u_.cols() != steps) u_.resize(outputs, steps);
    if (d_x_.rows() != inputs || d_x_.cols() != steps) d_x_.resize(inputs, steps);
    if (d_w_.size() != net.parameter_count()) d_w_.resize(net.parameter_count());
  }

  template <Variables By, class X>
  void fill(const Net& net, const Eigen::DenseBase<X>& inputs, Matrix<S>& jacobian,
            const Options& options) {
    static_assert(detail::static_check_inputs<Net, X>());
    const auto x = detail::columns_of(inputs);
    const Shape shape = shape_of<By>(net, x, options);
    const bool forward = options.mode == JacobianMode::Forward ||
                         (options.mode == JacobianMode::Cheaper && shape.variables <= shape.rows());
    jacobian.resize(shape.rows() * shape.batch, shape.variables);
    for (Index b = 0; b < shape.batch; ++b) {
      for (Index t = 0; t < shape.steps; ++t) {
        detail::copy_numbers(x.column(t * shape.batch + b), x_.col(t).data(), x.rows());
      }
      if (options.initial != nullptr) copy_sequence(*options.initial, b);
      linear_.run(net, x_, shape.steps, options.initial == nullptr ? nullptr : &initial_);
      if (forward) {
        fill_columns<By>(net, shape, b, jacobian);
      } else {
        fill_rows<By>(net, shape, b, jacobian);
      }
    }
  }

  template <Variables By>
  Shape shape_of(const Net& net, const ConstMatrixView<S>& x, const Options& options) {
    detail::check_inputs(net, x.rows());
    if (options.steps < 1 || x.cols() == 0 || x.cols() % options.steps != 0) {
      fail_argument("jacobian: the input has ", x.cols(),
                    " columns, no whole number of sequences of ", options.steps, " steps");
    }
    if (options.step < Options::every_step || options.step >= options.steps) {
      fail_argument("jacobian: expected a step from 0 to ", options.steps - 1, ", got ",
                    options.step);
    }
    initial_.check_units(net.architecture());
    const Index batch = x.cols() / options.steps;
    if (options.initial != nullptr) options.initial->check_fits(net.architecture(), batch);
    reserve(net, options.steps);
    const bool every = options.step == Options::every_step;
    const Index variables = By == Variables::Parameters ? d_w_.size()
                            : By == Variables::Inputs   ? d_x_.size()
                                                        : direction_.size();
    return {batch,
            options.steps,
            every ? 0 : options.step,
            every ? options.steps - 1 : options.step,
            net.outputs(),
            variables};
  }

  /// The part of a state that belongs to sequence b.
  void copy_sequence(const State<Net>& batch, Index b) {
    using Graph = typename Net::Graph;
    for_each_index<Net::layer_count>([&](auto l) {
      if constexpr (Graph::history(l()) > 0) {
        for (int d = 1; d <= Graph::history(l()); ++d) {
          initial_.template output<l()>(d) = batch.template output<l()>(d).col(b);
        }
      }
      if constexpr (State<Net>::template has_memory<l()>()) {
        initial_.template memory<l()>() = batch.template memory<l()>().col(b);
      }
    });
  }

  /// Entries of a direction or a product, one for each variable.
  template <Variables By>
  S* numbers() {
    if constexpr (By == Variables::Parameters) return d_w_.data();
    if constexpr (By == Variables::Inputs) return d_x_.data();
    if constexpr (By == Variables::Initial) return direction_.values().data();
  }

  /// Forward mode: a product with each unit vector of the variables.
  template <Variables By>
  void fill_columns(const Net& net, const Shape& shape, Index b, Matrix<S>& jacobian) {
    S* const v = numbers<By>();
    for (Index j = 0; j < shape.variables; ++j) v[j] = S(0);
    Direction<Net> direction;
    if constexpr (By == Variables::Parameters) direction.parameters = &d_w_;
    if constexpr (By == Variables::Inputs) direction.inputs = &d_x_;
    if constexpr (By == Variables::Initial) direction.initial = &direction_;
    for (Index j = 0; j < shape.variables; ++j) {
      v[j] = S(1);
      const auto dy = linear_.jacobian_vector_product(net, direction);
      for (Index t = shape.first_step; t <= shape.last_step; ++t) {
        jacobian.col(j).segment(shape.row(t, b), shape.outputs) = dy.col(t);
      }
      v[j] = S(0);
    }
  }

  /// Reverse mode: a product with each unit vector of the outputs.
  template <Variables By>
  void fill_rows(const Net& net, const Shape& shape, Index b, Matrix<S>& jacobian) {
    Cotangent<Net> result;
    if constexpr (By == Variables::Parameters) result.parameters = &d_w_;
    if constexpr (By == Variables::Inputs) result.inputs = &d_x_;
    if constexpr (By == Variables::Initial) result.initial = &direction_;
    u_.setZero();
    for (Index t = shape.first_step; t <= shape.last_step; ++t) {
      for (Index k = 0; k < shape.outputs; ++k) {
        u_(k, t) = S(1);
        linear_.vector_jacobian_product(net, u_, result);
        jacobian.row(shape.row(t, b) + k) =
            Eigen::Map<const Matrix<S, 1, Dynamic>>(numbers<By>(), shape.variables);
        u_(k, t) = S(0);
      }
    }
  }

  Linearization<Net> linear_;
  State<Net> initial_, direction_;
  Matrix<S> x_, u_, d_x_;
  Vector<S> d_w_;
};

BACKFOLD_END_NAMESPACE
