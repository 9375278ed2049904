// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/activation/activate.hpp"
#include "backfold/gradient/rtrl/tangents.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Jacobian ∂x/∂net of a layer whose φ products fuse: a diagonal of φ' or, if φ acts on whole
/// columns, a matrix.
template <class Net, int L>
class ActivationJacobian {
 public:
  using S = typename Net::Scalar;
  using P = Pass<Net, 1>;
  using Arch = typename Net::ArchitectureType;
  using Shape = TangentShape<Arch, L>;

  static Size scratch_size(const Arch& architecture) {
    const Index units = architecture.template units<L>();
    return Shape::folds_slope ? Size(units) : Size(units) * units;
  }
  static Index product_scratch_size(const Arch& architecture) {
    const Index units = architecture.template units<L>();
    return Shape::folds_slope ? 0 : product_scratch<S>(units, units, Shape::columns(architecture));
  }

  ActivationJacobian(const P& pass, S* scratch, S* product_scratch)
      : pass_(pass), scratch_(scratch), product_scratch_(product_scratch) {}

  /// φ' of each unit, for an elementwise φ.
  const S* slopes() const requires(Shape::folds_slope) {
    const Index units = pass_.template units<L>();
    const auto& function = pass_.architecture().template layer<L>().activation();
    const S* const x = pass_.template own_output<L>();
    if constexpr (uses_net_input<std::remove_cvref_t<decltype(function)>>) {
      transform_into(
          scratch_, units, [&](const auto& v, const auto& y) { return function.derivative(v, y); },
          pass_.template net<L>(), x);
    } else {
      transform_into(
          scratch_, units, [&](const auto& y) { return function.derivative(y); }, x);
    }
    return scratch_;
  }

  /// ∂x ← J ∂net, for a φ of whole columns. @param net units × columns of ∂x
  void multiply(const S* net, const MatrixView<S>& to) const requires(!Shape::folds_slope) {
    const Index units = to.rows();
    if (to.cols() == 0) return;
    // Row i of J is Jᵀe_i. It is stored as column i, so that the product is with Jᵀ.
    for (Index i = 0; i < units; ++i) {
      for (Index k = 0; k < units; ++k) scratch_[i * units + k] = S(i == k);
      pass_.architecture().template layer<L>().activation().multiply_by_derivative(
          static_cast<const S*>(pass_.template own_output<L>()), scratch_ + i * units, units);
    }
    detail::back(ConstMatrixView<S>(scratch_, units, units),
                 ConstMatrixView<S>(net, units, to.cols()), to, StartAtZero{}, product_scratch_);
  }

 private:
  const P& pass_;
  S *scratch_, *product_scratch_;
};

}  // namespace detail

BACKFOLD_END_NAMESPACE
