// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "backfold/core/error.hpp"
#include "backfold/core/finite.hpp"
#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// A function r(w) whose squares are summed. It has one of these forms. It resizes r and, if J is
/// not null, J to m × n:
///
///     residual(const Vector<S>& w, Vector<S>& r)
///     residual(const Vector<S>& w, Vector<S>& r, Matrix<S>* J)      // J_ij = ∂r_i/∂w_j
template <class F, class S>
concept ResidualVector = Real<S> &&(
    requires(F& f, const Vector<S>& w, Vector<S>& r) { f(w, r); } ||
    requires(F & f, const Vector<S>& w, Vector<S>& r, Matrix<S>* j) { f(w, r, j); });

namespace detail {

/// A residual, its Jacobian (its own, or by central differences), and a count of its calls.
template <class F, Real S>
class ResidualFunction {
 public:
  static constexpr bool has_jacobian =
      requires(F & f, const Vector<S>& w, Vector<S>& r, Matrix<S>* j) {
    f(w, r, j);
  };

  explicit ResidualFunction(F& function) : function_(function) {}

  [[nodiscard]] Index evaluations() const { return evaluations_; }

  /// Factor of r and J: a power of two by which the first residuals are of the order of 1.
  [[nodiscard]] S scale() const { return scale_; }

  /// E = ½ Σ r_i²; infinity if the sum is NaN or infinite.
  /// @throws std::invalid_argument if the number of residuals has changed
  double operator()(const Vector<S>& w, Vector<S>& r) {
    call(w, r);
    if (count_ < 0) {
      count_ = r.size();
      if (count_ > 0) scale_ = scale_for(r.cwiseAbs().maxCoeff());
      r *= scale_;
    }
    check_count(r.size());
    double sum = 0;
    for (Index i = 0; i < r.size(); ++i) sum += double(r[i]) * double(r[i]);
    return is_finite(sum) ? sum / 2 : std::numeric_limits<double>::infinity();
  }

  /// J at w. @return false if it is not finite
  /// @throws std::invalid_argument if its size is not m × n
  bool jacobian(const Vector<S>& w, Matrix<S>& jacobian) {
    if constexpr (has_jacobian) {
      ++evaluations_;
      function_(w, up_, &jacobian);
      jacobian *= scale_;
    } else {
      take_differences(w, jacobian);
    }
    if (jacobian.rows() != count_ || jacobian.cols() != w.size()) {
      fail_argument("least_squares: the Jacobian is ", jacobian.rows(), " x ", jacobian.cols(),
                    ", expected ", count_, " x ", w.size());
    }
    return all_finite(jacobian.data(), jacobian.size());
  }

 private:
  void call(const Vector<S>& w, Vector<S>& r) {
    ++evaluations_;
    if constexpr (has_jacobian) {
      function_(w, r, static_cast<Matrix<S>*>(nullptr));
    } else {
      function_(w, r);
    }
    r *= scale_;
  }

  /// Power of two, within half the range of exponents: products with it are exact, and squares of
  /// the scaled numbers neither overflow nor underflow. 1 for 0 and NaN.
  static S scale_for(S largest) {
    if (!(largest > S(0))) return S(1);
    constexpr int bound = std::numeric_limits<S>::max_exponent / 2;
    return std::ldexp(S(1), -std::clamp(std::ilogb(largest), -bound, bound));
  }

  void check_count(Index count) const {
    if (count != count_) {
      fail_argument("least_squares: there were ", count_, " residuals at first, now ", count);
    }
  }

  /// The step ε^⅓ |w_j| balances the truncation error, h², and the rounding error, ε/h.
  void take_differences(const Vector<S>& w, Matrix<S>& jacobian) {
    const S relative = std::cbrt(std::numeric_limits<S>::epsilon());
    jacobian.resize(count_, w.size());
    moved_ = w;
    for (Index j = 0; j < w.size(); ++j) {
      const S h = relative * (w[j] == S(0) ? S(1) : std::abs(w[j]));
      // Divides by the distance of the two points after rounding.
      const S above = moved_[j] = w[j] + h;
      call(moved_, up_);
      check_count(up_.size());
      const S below = moved_[j] = w[j] - h;
      call(moved_, down_);
      check_count(down_.size());
      moved_[j] = w[j];
      jacobian.col(j) = (up_ - down_) / (above - below);
    }
  }

  F& function_;
  S scale_ = S(1);
  Index count_ = -1;
  Index evaluations_ = 0;
  Vector<S> moved_, up_, down_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
