// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>

#include "backfold/core/as_matrix.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/norm.hpp"
#include "backfold/second_order/lbfgs_options.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// An objective E(w): called with w, it sets g = ∇E(w) and returns E.
template <class F, class S>
concept GradientFunction = requires(F& f, const Vector<S>& w, Vector<S>& g) {
  { f(w, g) } -> std::convertible_to<double>;
};

namespace detail {

/// A run of L-BFGS steps.
template <class F, Real S>
class LbfgsRun {
 public:
  LbfgsRun(F& function, const Vector<S>& start, const LbfgsOptions& options)
      : function_(function),
        options_(options),
        w_(start),
        g_(start.size()),
        trial_w_(start.size()),
        trial_g_(start.size()),
        direction_(start.size()),
        steps_(start.size(), options.memory),
        changes_(start.size(), options.memory),
        inverse_curvature_(options.memory),
        alpha_(options.memory) {
    error_ = evaluate(w_, g_);
    if (!is_finite(error_)) {
      fail_argument("lbfgs: the objective or its gradient is not finite at the start");
    }
  }

  LbfgsResult<S> run() {
    LbfgsResult<S> result;
    for (;;) {
      result.status = LbfgsStatus::SmallGradient;
      if (static_cast<double>(g_.cwiseAbs().maxCoeff()) <= options_.gradient_tolerance) break;
      result.status = LbfgsStatus::Iterations;
      if (result.iterations == options_.iterations) break;
      result.status = LbfgsStatus::Stalled;
      const double before = error_;
      if (!step()) break;
      ++result.iterations;
      result.status = LbfgsStatus::SmallGain;
      constexpr double epsilon = std::numeric_limits<S>::epsilon();
      if (before - error_ <= options_.gain_tolerance * epsilon * std::abs(before)) break;
    }
    result.w = w_;
    result.error = error_;
    result.evaluations = evaluations_;
    return result;
  }

 private:
  static constexpr double sufficient_decrease = 1e-4;
  static constexpr double curvature = 0.9;

  /// A point on the line w + a·direction.
  struct Point {
    double step, error, slope;
  };

  /// E, infinite where it or its gradient is not finite.
  double evaluate(const Vector<S>& w, Vector<S>& g) {
    ++evaluations_;
    const double error = function_(w, g);
    if (g.size() != w.size()) {
      fail_argument("lbfgs: the gradient has ", g.size(), " numbers, there are ", w.size(),
                    " parameters");
    }
    const bool finite = is_finite(error) && all_finite(g.data(), g.size());
    return finite ? error : std::numeric_limits<double>::infinity();
  }

  /// One step. @return false if no step lowers E, with or without the memory
  bool step() {
    for (;;) {
      set_direction();
      const double slope = dot(g_, direction_);
      if (slope < 0 && search({0, error_, slope})) return true;
      if (count_ == 0) return false;
      count_ = 0;  // steepest descent
    }
  }

  /// direction ← −H g with H the inverse Hessian that the memory implies (two loops).
  void set_direction() {
    const Index memory = options_.memory;
    direction_ = -g_;
    if (count_ == 0) {  // steepest descent, of length 1 or less
      scale_direction((std::min)(1.0, 1 / g_.template cast<double>().cwiseAbs().sum()));
      return;
    }
    for (Index k = 0; k < count_; ++k) {
      const Index i = (newest_ + memory - k) % memory;
      alpha_[i] = inverse_curvature_[i] * dot(steps_.col(i), direction_);
      direction_ -= static_cast<S>(alpha_[i]) * changes_.col(i);
    }
    const double norm = norm_of(changes_.col(newest_).data(), changes_.rows());
    scale_direction(1 / (inverse_curvature_[newest_] * norm * norm));
    for (Index k = count_ - 1; k >= 0; --k) {
      const Index i = (newest_ + memory - k) % memory;
      const double beta = inverse_curvature_[i] * dot(changes_.col(i), direction_);
      direction_ += static_cast<S>(alpha_[i] - beta) * steps_.col(i);
    }
  }
  void scale_direction(double factor) {
    direction_ = (direction_.template cast<double>() * factor).template cast<S>();
  }

  /// In double: products of numbers of the size of g overflow in float.
  template <class A, class B>
  static double dot(const A& a, const B& b) {
    return a.template cast<double>().dot(b.template cast<double>());
  }

  Point at(double step) {
    trial_w_ = w_ + static_cast<S>(step) * direction_;
    const double error = evaluate(trial_w_, trial_g_);
    return {step, error, dot(trial_g_, direction_)};
  }

  /// A step that meets the strong Wolfe conditions, which is taken. If the trials are over, the
  /// best one that lowers E enough is taken.
  bool search(const Point& start) {
    Point low = start, high{0, 0, 0};
    bool is_bracketed = false;
    double next = 1;
    for (Index trial = 0; trial < options_.trials; ++trial) {
      const Point now = at(next);
      const bool lowers = now.error <= start.error + sufficient_decrease * now.step * start.slope;
      if (lowers && std::abs(now.slope) <= -curvature * start.slope) return take(now);
      if (!lowers || now.error >= low.error) {
        high = now;
        is_bracketed = true;
      } else {
        const double towards = is_bracketed ? high.step - low.step : 1;
        if (now.slope * towards >= 0) {
          high = low;
          is_bracketed = true;
        }
        low = now;
      }
      next = is_bracketed ? between(low, high) : 4 * now.step;
      if (next == low.step || next == high.step) break;
    }
    return low.step > 0 && take(at(low.step));
  }

  /// The minimum of the cubic through two points, kept away from both; the middle where there is
  /// none.
  static double between(const Point& a, const Point& b) {
    const double width = b.step - a.step;
    const double middle = a.step + width / 2;
    if (!is_finite(b.error)) return a.step + width / 10;
    const double d1 = a.slope + b.slope - 3 * (b.error - a.error) / width;
    const double unit = (std::max)({std::abs(d1), std::abs(a.slope), std::abs(b.slope)});
    const double square = (d1 / unit) * (d1 / unit) - (a.slope / unit) * (b.slope / unit);
    if (!(square >= 0)) return middle;
    const double d2 = std::copysign(unit * std::sqrt(square), width);
    const double place = 1 - (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    if (!(place >= 0.1)) return a.step + width / 10;
    return place <= 0.9 ? a.step + place * width : a.step + 0.9 * width;
  }

  /// Moves to the point that was evaluated last, and remembers the pair if its curvature is
  /// positive. Positive means more than rounding of ΔwᵀΔg, whatever the units of E and w.
  bool take(const Point& now) {
    w_.swap(trial_w_);
    g_.swap(trial_g_);
    trial_w_ = w_ - trial_w_;  // Δw
    trial_g_ = g_ - trial_g_;  // Δg
    const double product = dot(trial_w_, trial_g_);
    constexpr double epsilon = std::numeric_limits<S>::epsilon();
    const Index n = w_.size();
    if (product > epsilon * norm_of(trial_w_.data(), n) * norm_of(trial_g_.data(), n)) {
      newest_ = count_ == 0 ? 0 : (newest_ + 1) % options_.memory;
      count_ = (std::min)(count_ + 1, options_.memory);
      steps_.col(newest_) = trial_w_;
      changes_.col(newest_) = trial_g_;
      inverse_curvature_[newest_] = 1 / product;
    }
    error_ = now.error;
    return true;
  }

  F& function_;
  LbfgsOptions options_;
  Vector<S> w_, g_, trial_w_, trial_g_, direction_;
  Matrix<S> steps_, changes_;  ///< Δw and Δg, a ring of columns
  Vector<double> inverse_curvature_, alpha_;
  Index count_ = 0, newest_ = 0, evaluations_ = 0;
  double error_ = 0;
};

}  // namespace detail

/// The w with the least E near a start, by L-BFGS: steps along −H g with the inverse Hessian H that
/// the last pairs of Δw and Δg imply, their lengths by a line search to the strong Wolfe conditions
///
///     E(w + a d) <= E(w) + 1e-4 a dᵀg,   |dᵀ∇E(w + a d)| <= 0.9 |dᵀg|.
///
///     auto bowl = [](const Eigen::VectorXd& w, Eigen::VectorXd& g) { g = 2 * w; return w.dot(w);
///     }; const auto found = bf::minimize(bowl, Eigen::Vector2d(3, 4));
///
/// @param objective see GradientFunction; where it is not finite, shorter steps are tried
/// @return w, E, counts and why it ended
/// @throws std::invalid_argument for options out of range, no parameters, a gradient of another
/// length, or numbers that are not finite at the start
///
/// Source: Liu & Nocedal, On the limited memory BFGS method (1989); Nocedal & Wright, Numerical
/// Optimization (2006), algorithms 7.4 and 3.5.
template <class F, class W>
[[nodiscard]] LbfgsResult<typename W::Scalar> minimize(F&& objective,
                                                       const Eigen::DenseBase<W>& start,
                                                       const LbfgsOptions& options = {}) {
  using S = typename W::Scalar;
  static_assert(GradientFunction<std::remove_reference_t<F>, S>,
                "backfold: an objective is called with (w, g), vectors of the start's scalar: it "
                "sets g and returns E");
  if constexpr (GradientFunction<std::remove_reference_t<F>, S>) {
    (options.check)();
    if (start.size() == 0) fail_argument("lbfgs: there are no parameters");
    const Vector<S> w = detail::as_matrix(start);
    return detail::LbfgsRun<std::remove_reference_t<F>, S>(objective, w, options).run();
  }
}

BACKFOLD_END_NAMESPACE
