// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

#include "backfold/core/packet.hpp"
#include "backfold/core/types.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Damped linear least squares: min ‖J D⁻¹ s + r‖² + μ‖s‖², by QR, whose error grows with the
/// condition of J and not with its square. One factorisation J D⁻¹ = QR serves all μ: for each
/// there remains only the small problem [R; √μ 1] s = −[Qᵀr; 0].
///
/// Source: Moré, The Levenberg-Marquardt algorithm: implementation and theory (1978).
template <Real S>
class DampedQr {
 public:
  /// @param jacobian m × n @param scales the diagonal of D
  void factorise(const Matrix<S>& jacobian, const Vector<S>& scales) {
    qr_.compute((jacobian.array().rowwise() / scales.transpose().array()).matrix());
    rank_ = (std::min)(jacobian.rows(), jacobian.cols());
  }

  /// Sets μ > 0.
  void damp(double damping) {
    const Index n = qr_.cols();
    small_.setZero(rank_ + n, n);
    small_.topRows(rank_) =
        qr_.matrixQR().topRows(rank_).template triangularView<Eigen::Upper>().toDenseMatrix();
    small_.diagonal(-rank_).setConstant(static_cast<S>(std::sqrt(damping)));
    small_qr_.compute(small_);
  }

  /// s for a right-hand side r. @pre factorise, damp
  [[nodiscard]] Vector<S> solve(const Vector<S>& r) const {
    const Vector<S> rotated = qr_.householderQ().adjoint() * r;
    Vector<S> right = Vector<S>::Zero(small_.rows());
    right.head(rank_) = -rotated.head(rank_);
    return small_qr_.solve(right);
  }

 private:
  Matrix<S> small_;
  Eigen::HouseholderQR<Matrix<S>> qr_, small_qr_;
  Index rank_ = 0;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
