// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

#include "backfold/gradient/linearization.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Settings of a Lyapunov exponent.
struct LyapunovOptions {
  Index transient = 0;     ///< initial steps that are not counted
  std::uint64_t seed = 1;  ///< of the initial direction
};

/// State transition s^t = F(s^(t−1), x^t) of a recurrent network as a dynamical system: its
/// Jacobian D = ∂s^t/∂s^(t−1), the spectral radius of D, and the largest Lyapunov exponent.
///
///     bf::Transition transition(net);
/// const auto& D = transition.jacobian(net, x, state);      // at a state, not changed
///     double rho = transition.spectral_radius(net, x, state);
///     double lambda = transition.lyapunov_exponent(net, X, state, {.transient = 100});
///
/// Backpropagation through time multiplies errors by Dᵀ at each step, so ρ and exp(λ) tell whether
/// gradients vanish (below 1) or explode. The vector s is the `values()` of a State. Allocates
/// nothing after construction.
template <class Net>
class Transition {
 public:
  using S = typename Net::Scalar;
  static_assert(Net::Graph::is_recurrent,
                "backfold: a network without delays or memories has no state");

  explicit Transition(const Net& net)
      : linear_(net),
        tangent_(net),
        moved_(net),
        jacobian_(tangent_.size(), tangent_.size()),
        solver_(tangent_.size()) {}

  /// Number of entries of the state.
  [[nodiscard]] Index size() const { return tangent_.size(); }

  /// D at a state, for the next input.
  /// @param x inputs × 1
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  const Matrix<S>& jacobian(const Net& net, const Eigen::DenseBase<X>& x, const State<Net>& state) {
    check_input(x.cols(), state);
    linear_.run(net, x, 1, &state);
    tangent_.values().setZero();
    for (Index j = 0; j < size(); ++j) {
      tangent_.values()[j] = S(1);
      linear_.jacobian_vector_product(net, {.initial = &tangent_, .final = &moved_});
      jacobian_.col(j) = moved_.values();
      tangent_.values()[j] = S(0);
    }
    return jacobian_;
  }

  /// The largest modulus of an eigenvalue of D; NaN if they cannot be found.
  /// @throws std::invalid_argument for wrong sizes
  template <class X>
  double spectral_radius(const Net& net, const Eigen::DenseBase<X>& x, const State<Net>& state) {
    jacobian(net, x, state);
    if (!jacobian_.allFinite()) return std::numeric_limits<double>::quiet_NaN();
    solver_.compute(jacobian_, false);
    // Eigen's name of 0 is a macro of X11.
    const bool converged = static_cast<int>(solver_.info()) == 0;
    if (!converged) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(solver_.eigenvalues().cwiseAbs().maxCoeff());
  }

  /// λ = 1/T Σ_t ln ‖D^t v^(t−1)‖ with v^t = D^t v^(t−1) normalised at each step: the rate at which
  /// nearby states separate along a run (λ > 0: chaos). It is −∞ if the direction becomes 0.
  ///
  /// @param inputs inputs × steps @param state the initial state of the run; becomes the final one
  /// @throws std::invalid_argument for wrong sizes, or if no step counts
  ///
  /// Source: Benettin, Galgani, Giorgilli & Strelcyn, Lyapunov characteristic exponents for smooth
  /// dynamical systems (1980).
  template <class X>
  double lyapunov_exponent(const Net& net, const Eigen::DenseBase<X>& inputs, State<Net>& state,
                           const LyapunovOptions& options = {}) {
    static_assert(detail::static_check_inputs<Net, X>());
    const auto x = detail::columns_of(inputs);
    check_input(1, state);
    if (options.transient < 0 || options.transient >= x.cols()) {
      fail_argument("transition: expected a transient from 0 to ", x.cols() - 1, " steps, got ",
                    options.transient);
    }
    start_direction(options.seed);
    double sum = 0;
    for (Index t = 0; t < x.cols(); ++t) {
      const Eigen::Map<const Vector<S>> column(x.column(t), x.rows());
      linear_.run(net, column, 1, &state, &state);
      linear_.jacobian_vector_product(net, {.initial = &tangent_, .final = &moved_});
      const double growth = static_cast<double>(moved_.values().stableNorm());
      if (growth == 0) return -std::numeric_limits<double>::infinity();
      if (t >= options.transient) sum += std::log(growth);
      tangent_.values() = moved_.values() / static_cast<S>(growth);
    }
    return sum / static_cast<double>(x.cols() - options.transient);
  }

 private:
  static void check_input(Index columns, const State<Net>& state) {
    if (columns != 1) fail_argument("transition: takes one input, got ", columns);
    if (state.batch() != 1) {
      fail_argument("transition: takes the state of one sequence, got a batch of ", state.batch());
    }
  }

  void start_direction(std::uint64_t seed) {
    Random random(seed);
    for (Index i = 0; i < size(); ++i) {
      tangent_.values()[i] = static_cast<S>(uniform(random, 0.5, 1) * (random() % 2 == 0 ? 1 : -1));
    }
    tangent_.values() /= tangent_.values().norm();
  }

  Linearization<Net> linear_;
  State<Net> tangent_, moved_;
  Matrix<S> jacobian_;
  Eigen::EigenSolver<Matrix<S>> solver_;
};

BACKFOLD_END_NAMESPACE
